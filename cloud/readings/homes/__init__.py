"""What an ingester remembers of the registry, for as long as it holds."""
