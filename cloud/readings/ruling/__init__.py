"""A person says whose a measurement was."""
