"""Volunteers: who they are, what was seen of their papers, whom they suit, and the visits that they make."""
