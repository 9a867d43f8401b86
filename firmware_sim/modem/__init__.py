"""GSM modems on pseudo-terminals that speak AT, and a simulated network that carries their texts to each other."""
