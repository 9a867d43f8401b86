"""Layer 3: how a person moves through their home, by day and by night. Pure."""
