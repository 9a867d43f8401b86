"""A gateway's heartbeat, farewell or last will becomes its row, and may ask for a receipt."""

import psycopg

from cloud.db.pool import Connection
from cloud.errors import RejectedMessage
from cloud.readings.heartbeats.store import note_status
from protocols.errors import DecodeError
from protocols.telemetry.messages import StatusMessage, decode
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


def take_status(connection: Connection, topic: str, payload: bytes) -> tuple[str, StatusMessage]:
    """Keeps the status at `payload`, if it is the news, and gives the gateway and what it said.

    Raises RejectedMessage where it is none, or of an unknown gateway.
    """
    gateway, status = open_status(topic, payload)
    try:
        known = note_status(connection, gateway, status)
    except psycopg.DataError as error:
        raise RejectedMessage(f"status cannot be stored: {str(error).splitlines()[0]}") from error
    if not known:
        raise RejectedMessage(f"gateway {gateway} is not registered")
    return gateway, status
