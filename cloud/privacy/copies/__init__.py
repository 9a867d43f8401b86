"""Copies of an elder's data that are asked for on a page: made beside it, fetched once, and then gone."""
