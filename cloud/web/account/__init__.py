"""Somebody's own account: second factors, and where they are signed in."""
