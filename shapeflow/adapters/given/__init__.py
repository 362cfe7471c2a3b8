"""What ``--input`` gives a model: read from text, made into values, and put where the model takes it."""
