"""Who is asked to go: one nurse after the other for an urgent visit, or whom the desk or a colleague names."""
