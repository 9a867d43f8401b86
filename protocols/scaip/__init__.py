"""SCAIP, the Social Care Alarm Internet Protocol (PROTOCOLS B7): alarms as short XML messages, and their answers."""
