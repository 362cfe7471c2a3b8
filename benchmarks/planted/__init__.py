"""Small models with bugs planted in them, each of which runs without an error."""
