"""Which place of a run each stated shape means: all shapes of a document together."""
