"""A new home and the code for its gateway, and a new code for a gateway that is there: for whoever installs."""
