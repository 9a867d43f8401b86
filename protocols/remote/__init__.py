"""What a centre may change in a gateway from afar, and how it says so that the gateway believes it."""
