"""Two gateways with one identity become an alarm of their home."""
