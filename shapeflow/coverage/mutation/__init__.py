"""Changes to a trace as a careless change to the model would make them, and whether any claim notices."""
