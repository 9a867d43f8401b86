"""What was refused, counted by kind, so that somebody can see that it was tried. Neither whose nor by whom."""
