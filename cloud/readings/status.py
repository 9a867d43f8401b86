"""A gateway's heartbeat, farewell or last will becomes its row."""

import psycopg

from cloud.errors import RejectedMessage
from cloud.readings import store
from protocols.errors import DecodeError
from protocols.telemetry.messages import StatusMessage, decode, encode
from protocols.telemetry.topics import gateway_of


def open_status(topic: str, payload: bytes) -> tuple[str, StatusMessage]:
    """The gateway and what it says of itself. Raises RejectedMessage where that cannot be read."""
    try:
        gateway = gateway_of(topic)
        status = decode(StatusMessage, payload)
    except (DecodeError, ValueError) as error:
        raise RejectedMessage(str(error)) from error
    if status.at.tzinfo is None:
        raise RejectedMessage("at has no zone; times on the wire are UTC")
    return gateway, status


def take_status(connection: store.Connection, topic: str, payload: bytes) -> None:
    """Keeps the status at `payload`. Raises RejectedMessage where it is none, or of an unknown gateway."""
    gateway, status = open_status(topic, payload)
    try:
        known = store.note_status(connection, gateway, encode(status).decode(), status.online, status.at)
    except psycopg.DataError as error:
        raise RejectedMessage(f"status cannot be stored: {str(error).splitlines()[0]}") from error
    if not known:
        raise RejectedMessage(f"gateway {gateway} is not registered")
