"""Drafting a walkthrough from traces: what moves, what parts there are, what to claim of them."""
