"""Run a whole forward without arithmetic on large tensors."""
