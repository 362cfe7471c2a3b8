"""The model's own source with the shapes that its lines made."""
