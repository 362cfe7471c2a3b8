"""Other programs that shapeflow plugs into."""
