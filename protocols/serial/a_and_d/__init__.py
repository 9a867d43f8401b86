"""A&D blood pressure meters on a serial cable. They speak when they have measured."""
