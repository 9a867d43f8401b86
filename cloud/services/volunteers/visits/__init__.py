"""Visits of the one queue that volunteers make: who is asked, check-in, check-out, and the minutes that follow."""
