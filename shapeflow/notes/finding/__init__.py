"""The shapes that passages state, in the notations in which people write them."""
