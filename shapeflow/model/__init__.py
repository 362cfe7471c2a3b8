"""One recorded run and the questions that can be asked about it. Nothing here imports torch."""
