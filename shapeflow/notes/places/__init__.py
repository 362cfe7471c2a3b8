"""The places of a trace that a text can mean."""
