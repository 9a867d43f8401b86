"""The door at which gateways enrol and renew: HTTPS of its own, beside the authority's key."""
