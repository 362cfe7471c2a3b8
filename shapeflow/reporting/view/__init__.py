"""The report as plain data, before any format renders it."""
