"""The model's source with what its lines made, as one page."""
