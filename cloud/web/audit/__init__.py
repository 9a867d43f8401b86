"""Each look at a person and each change leaves a line, and the person can see who looked."""
