"""Who this gateway is: its key and certificate, how it gets them from the centre, and how it keeps them fresh."""
