"""The formats of a report, one a file: each turns a view into text."""
