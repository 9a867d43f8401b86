"""Severe values of which nobody knows whose they are: alerts of the home."""
