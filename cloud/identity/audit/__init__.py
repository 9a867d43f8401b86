"""Who saw and changed what of whom: a chain of lines that are only added."""
