"""What was refused, for the administrator."""
