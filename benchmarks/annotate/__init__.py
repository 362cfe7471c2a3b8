"""How well ``shapeflow annotate`` finds and judges the shapes that texts state: `make bench-annotate`."""
