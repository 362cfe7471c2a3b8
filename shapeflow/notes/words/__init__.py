"""What the words of a text say, as tokens that names in code can be compared with."""
