"""Drafts of ten models, and whether they notice when the model changes."""
