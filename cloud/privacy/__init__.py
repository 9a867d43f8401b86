"""What the centre keeps of one elder: how long, with whose consent, given out on request, and erased for good."""
