"""The one-machine default: PostgreSQL and broker as children of the process that needs them."""
