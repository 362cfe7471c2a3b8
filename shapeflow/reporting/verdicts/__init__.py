"""The formats of a check's result, one a file."""
