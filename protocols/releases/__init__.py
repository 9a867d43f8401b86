"""A release of Doorstep as gateways get it: which files, which digests, signed by a key that no server has."""
