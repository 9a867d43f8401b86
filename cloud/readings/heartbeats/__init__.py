"""What gateways say of themselves, in whatever order it comes."""
