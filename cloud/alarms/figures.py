"""Figures of the alarms' process that several of its parts count."""

from prometheus_client import Counter

RECEIVED = Counter("doorstep_alarms_received", "Alarm messages by what they were", ["as_what"])
