"""Run a request: once for a trace, or again with other sizes."""
