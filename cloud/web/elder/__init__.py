"""The elder's own page."""
