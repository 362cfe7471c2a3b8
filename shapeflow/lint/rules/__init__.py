"""One file for each group of rules; the table of all is ``lint/table.py``."""
