"""Visits that somebody else than the elder asks for: family, a doctor, the staff."""
