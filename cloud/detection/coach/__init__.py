"""Layer 7: the elder is asked to measure again before anybody travels."""
