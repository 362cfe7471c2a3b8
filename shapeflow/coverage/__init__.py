"""How much of a recorded model the claims of a walkthrough constrain."""
