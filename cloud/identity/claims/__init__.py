"""Claims: codes that make a machine a home's gateway, once."""
