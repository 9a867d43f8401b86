"""Characteristics of the Bluetooth SIG's health services, value by value.

All of them are little-endian and grow at the end: a flag or a later version of the service may add fields, so
every decoder here ignores bytes behind the fields it knows, as the service specifications ask of a client.
"""
