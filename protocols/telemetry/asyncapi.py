"""The MQTT contract as an AsyncAPI 3 document, made from the message types themselves.

docs/asyncapi.json is this document; a test holds the two equal.
"""

from typing import Any

import msgspec

from protocols.telemetry import topics
from protocols.telemetry.measuring_again import MeasureAgainMessage
from protocols.telemetry.messages import (
    AlarmMessage,
    AlarmStateMessage,
    ConfigurationMessage,
    Message,
    ReadingsMessage,
    Receipt,
    StatusMessage,
)

CONTRACT_VERSION = "1"

# channel, message, whether the gateway sends it
_CHANNELS: tuple[tuple[str, type[Message], bool], ...] = (
    (topics.READINGS, ReadingsMessage, True),
    (topics.RECEIPT, Receipt, False),
    (topics.ALARM, AlarmMessage, True),
    (topics.ALARM_STATE, AlarmStateMessage, False),
    (topics.CONFIGURATION, ConfigurationMessage, False),
    (topics.MEASURE_AGAIN, MeasureAgainMessage, False),
    (topics.STATUS, StatusMessage, True),
)


def document() -> dict[str, Any]:
    """The contract as the centre's side of it: it receives what gateways send, and sends the rest."""
    _, schemas = msgspec.json.schema_components(
        [message for _, message, _ in _CHANNELS], ref_template="#/components/schemas/{name}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Doorstep telemetry",
            "version": CONTRACT_VERSION,
            "description": "Between a home's gateway and the centre. MQTT 5, QoS 1, JSON in UTF-8; times are ISO 8601 "
            "with a zone, but for device_time, which is what a meter's own clock said. Unknown fields are ignored.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, message) for name, message, _ in _CHANNELS},
        "operations": {
            f"{'receive' if from_gateway else 'send'}-{name}": {
                "action": "receive" if from_gateway else "send",
                "channel": {"$ref": f"#/channels/{name}"},
            }
            for name, _, from_gateway in _CHANNELS
        },
        "components": {
            "messages": {
                message.__name__: {
                    "summary": (message.__doc__ or "").split("\n", 1)[0],
                    "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
                }
                for _, message, _ in _CHANNELS
            },
            "schemas": schemas,
        },
    }


def _channel(name: str, message: type[Message]) -> dict[str, Any]:
    return {
        "address": f"{topics.PREFIX}/{{gateway}}/{name}",
        "parameters": {"gateway": {"description": "The gateway's name, as in its certificate: a-z, 0-9 and hyphens."}},
        "messages": {message.__name__: {"$ref": f"#/components/messages/{message.__name__}"}},
    }
