"""What the centre changes in the configuration of gateways: versions, their way to the broker, what became of them."""
