"""What was noticed and waits, because the team's week is full: all of it, in the order in which it will go out."""
