"""A gateway's heartbeat, farewell or last will becomes its row."""

import psycopg

from cloud.errors import RejectedMessage
from cloud.readings import store
from protocols.errors import DecodeError
from protocols.telemetry.messages import StatusMessage, decode, encode
from protocols.telemetry.topics import gateway_of


def take_status(connection: store.Connection, topic: str, payload: bytes) -> None:
    """Keeps the status at `payload`. Raises RejectedMessage where it is none, or of an unknown gateway."""
    try:
        gateway = gateway_of(topic)
        status = decode(StatusMessage, payload)
    except (DecodeError, ValueError) as error:
        raise RejectedMessage(str(error)) from error
    if status.at.tzinfo is None:
        raise RejectedMessage("at has no zone; times on the wire are UTC")
    try:
        known = store.note_status(connection, gateway, encode(status).decode(), status.online, status.at)
    except psycopg.DataError as error:
        raise RejectedMessage(f"status cannot be stored: {str(error).splitlines()[0]}") from error
    if not known:
        raise RejectedMessage(f"gateway {gateway} is not registered")
