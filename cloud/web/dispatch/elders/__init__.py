"""Visits to one elder that are to come: asked for, and by a rhythm."""
