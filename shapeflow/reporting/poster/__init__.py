"""One picture of a whole model: its parts as stations, and the data that goes between them."""
