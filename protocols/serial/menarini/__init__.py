"""Menarini meters."""
