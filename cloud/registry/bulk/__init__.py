"""Homes, elders and staff in bulk, from a table that a spreadsheet wrote."""
