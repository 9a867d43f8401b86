"""What the board counts, the rows behind each number, and what changed since somebody last looked."""
