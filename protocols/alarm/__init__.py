"""Alarm: a person calling. Kinds and states shared by the home and the centre."""
