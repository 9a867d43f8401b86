"""Showers, by the same maths as on the gateway (protocols/shower), over weeks of a home's events. Pure."""
