"""What is said of each shape of a text, and how sure it is."""
