"""Formats of a coverage."""
