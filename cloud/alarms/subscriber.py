"""What a home's alarm message says, before anything is stored."""

from uuid import UUID

from cloud.errors import RejectedMessage
from protocols.errors import DecodeError
from protocols.telemetry.messages import AlarmMessage, decode
from protocols.telemetry.topics import ALARM, gateway_of

_LONGEST_DEVICE_NAME = 200


def decode_alarm(topic: str, payload: bytes) -> tuple[str, AlarmMessage]:
    """The gateway and its message. Raises RejectedMessage with a sentence of what is wrong."""
    try:
        gateway = gateway_of(topic)
    except ValueError as error:
        raise RejectedMessage(str(error)) from error
    if not topic.endswith(f"/{ALARM}"):
        raise RejectedMessage(f"topic {topic!r} is not one of alarms")
    try:
        message = decode(AlarmMessage, payload)
    except DecodeError as error:
        raise RejectedMessage(str(error)) from error
    alarm_id_of(message)
    if not 0 < len(message.device) <= _LONGEST_DEVICE_NAME or not message.device.isprintable():
        raise RejectedMessage(f"device: a printable name of 1 to {_LONGEST_DEVICE_NAME} characters is expected")
    return gateway, message


def alarm_id_of(message: AlarmMessage) -> UUID:
    """Raises RejectedMessage where `message.alarm` is no UUID."""
    try:
        return UUID(message.alarm)
    except ValueError as error:
        raise RejectedMessage(f"alarm: {message.alarm[:50]!r} is not a UUID") from error
