"""Days on which a nurse does not work: what was hers on them goes on to others."""
