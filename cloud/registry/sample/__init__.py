"""A community that nobody lives in, for trials and load: believable, and the same for the same seed."""
