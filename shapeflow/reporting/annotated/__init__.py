"""A text with what a trace says of the shapes in it, in several formats."""
