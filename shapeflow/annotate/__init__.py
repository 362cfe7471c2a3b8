"""Texts on a model as they were written: which shapes they state, and which tensors those mean."""
