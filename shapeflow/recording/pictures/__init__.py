"""Draw small pictures of what a run computes, while it computes it, and keep no tensor."""
