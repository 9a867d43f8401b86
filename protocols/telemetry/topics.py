"""Topics of contract version 1: `doorstep/v1/{gateway}/{channel}`.

A gateway publishes and subscribes below its own name only, so that a broker rule needs no more than the name in
its certificate. Every message is MQTT 5, QoS 1, JSON in UTF-8.
"""

import re
from functools import lru_cache

PREFIX = "doorstep/v1"
READINGS = "readings"  # gateway -> centre: ReadingsMessage
RECEIPT = "receipt"  # centre -> gateway, after COMMIT: Receipt
ALARM = "alarm"  # gateway -> centre, on its own connection: AlarmMessage
ALARM_STATE = "alarm-state"  # centre -> gateway: AlarmStateMessage
CONFIGURATION = "configuration"  # centre -> gateway, retained: ConfigurationMessage
MEASURE_AGAIN = "measure-again"  # centre -> gateway: MeasureAgainMessage
STATUS = "status"  # gateway -> centre, retained, also the last will: StatusMessage

GATEWAY_SAYS = (READINGS, ALARM, STATUS)
GATEWAY_HEARS = (RECEIPT, ALARM_STATE, CONFIGURATION, MEASURE_AGAIN)
"""Brokers hold gateways to these two: their access rules are made of them."""

_GATEWAY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def topic(gateway: str, channel: str) -> str:
    """The topic of `channel` of `gateway`. Raises ValueError where the name could escape its own branch."""
    if not _GATEWAY_NAME.fullmatch(gateway):
        raise ValueError(f"gateway name {gateway!r} is not of the form {_GATEWAY_NAME.pattern}")
    return f"{PREFIX}/{gateway}/{channel}"


def all_gateways(channel: str) -> str:
    """The subscription of the centre to `channel` of every gateway."""
    return f"{PREFIX}/+/{channel}"


@lru_cache(maxsize=16_384)  # a centre hears the same topics again and again
def gateway_of(topic_name: str) -> str:
    """The gateway whose branch `topic_name` lies in. Raises ValueError for a topic outside the contract."""
    parts = topic_name.split("/")
    if len(parts) != 4 or "/".join(parts[:2]) != PREFIX or not _GATEWAY_NAME.fullmatch(parts[2]):
        raise ValueError(f"topic {topic_name!r} is not {PREFIX}/GATEWAY/CHANNEL")
    return parts[2]
