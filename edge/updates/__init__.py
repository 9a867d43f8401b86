"""Releases of Doorstep that the centre offers: fetched, proven on this machine, and left again where they fail."""
