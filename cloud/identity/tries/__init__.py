"""Tries at passwords and codes, counted in the database: every process and every machine of a centre sees them."""
