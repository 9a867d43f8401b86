"""What comes after a report: the visit that follows, and the end."""
