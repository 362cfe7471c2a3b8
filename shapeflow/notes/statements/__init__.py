"""What a text states beside shapes: counts, attributes and flow, told only where the reading is certain."""
