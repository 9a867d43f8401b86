"""Coverage-guided fuzzing of every decoder and every meter's session: `./dev fuzz`."""
