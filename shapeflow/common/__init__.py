"""Small helpers without knowledge of traces: text, files, units, the garbage collector."""
