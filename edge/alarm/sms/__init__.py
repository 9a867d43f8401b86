"""The second path of a call: short messages through a GSM modem in the home."""
