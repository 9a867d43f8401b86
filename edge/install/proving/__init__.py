"""`doorstep-edge prove`: a walk through the home that ends with a report which the gateway signs."""
