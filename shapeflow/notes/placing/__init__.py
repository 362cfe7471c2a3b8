"""Which tensor of a run each stated shape means, and whether it is so."""
