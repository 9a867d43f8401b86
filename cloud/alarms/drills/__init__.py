"""Drills: homes that walk the way of a call each day, and those that fail to."""
