"""Readings -> alerts: limits, own normal, episodes. Pure maths apart from `store` and `worker`."""
