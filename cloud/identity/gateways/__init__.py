"""The certificates that gateways hold."""
