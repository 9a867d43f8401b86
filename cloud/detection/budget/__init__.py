"""What a team of nurses can take in a week: alerts that are not urgent wait, those of most risk go first."""
