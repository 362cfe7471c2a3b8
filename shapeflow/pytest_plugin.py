"""Walkthroughs as tests in pytest."""
