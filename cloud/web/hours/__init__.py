"""Hours of the time bank: the elder's statement, gifts, and letters of other banks."""
