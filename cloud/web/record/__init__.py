"""An elder's record as staff read it."""
