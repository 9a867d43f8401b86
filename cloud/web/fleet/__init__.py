"""Every gateway: heard when, what waits in it, what it gave up."""
