"""A whole centre with its doors locked, and what an intruder brings."""
