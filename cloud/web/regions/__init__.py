"""Figures of a region and of those below it, with small numbers hidden."""
