"""Texts cut into passages: Markdown, notebooks, Python; each with what the text says around it."""
