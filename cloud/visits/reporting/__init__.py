"""What became of a visit: the nurse's report, what she measured and saw, and the elder's word."""
