"""Proof that nothing is missing and nothing was changed: what gateways told of their running hash, and its checking."""
