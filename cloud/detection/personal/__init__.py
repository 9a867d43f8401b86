"""Limits of one elder: a clinician's figure in place of the file's, with author and reason, and undone as openly."""
