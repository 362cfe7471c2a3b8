"""Traces folded into graphs of calls, and their drawings."""
