"""Look through a trace for what runs without an error and is probably wrong. Nothing here loads torch."""
