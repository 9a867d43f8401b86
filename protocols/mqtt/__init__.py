"""The part of MQTT 5 that a subscriber with thousands of messages a second needs (OASIS standard, 7 March 2019)."""
