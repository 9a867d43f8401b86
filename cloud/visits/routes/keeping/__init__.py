"""Routes written down, and what changes with them."""
