"""What the gateway lives on: mains, or its battery."""
