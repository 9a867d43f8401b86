"""Visits that come by themselves: every few days, by the wish of staff or by an elder's risk."""
