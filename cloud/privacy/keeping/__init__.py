"""Retention of what is not a reading."""
