"""A copy of all that is kept of one elder, for them."""
