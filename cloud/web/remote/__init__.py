"""What a gateway is to do otherwise than its own file says, for the administrator."""
