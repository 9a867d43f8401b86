"""Alarms that homes send by text, and what the centre answers them: a modem beside the broker."""
