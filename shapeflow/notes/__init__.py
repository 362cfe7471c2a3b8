"""Texts on models as they were written: the shapes that they state, and what a run says of them."""
