"""The demonstration: starts centre, gateways and homes by their own commands, and plays the people over HTTP."""
