"""A text that is the source of the traced model: judged by what its lines made."""
