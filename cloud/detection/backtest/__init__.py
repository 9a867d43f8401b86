"""Detection over history: what it would have noticed, and when."""
