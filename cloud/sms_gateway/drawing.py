"""A home's key for texts: drawn here, shown once, kept by the centre and by the home."""

import secrets

from cloud.db.pool import Connection
from cloud.sms.outbox import e164
from cloud.sms_gateway.store import set_key
from protocols.alarm.code import KEY_BYTES, key_id


def draw_key(connection: Connection, gateway_id: str, phone: str) -> str:
    """64 hexadecimal digits. `phone`: of the home's modem; empty: as it was, or not known.

    Raises NotFound for a gateway that is not registered, BadText for what is no number.
    """
    number = e164(phone) if phone else ""
    key = secrets.token_bytes(KEY_BYTES)
    set_key(connection, gateway_id, key_id(key), key, number)
    return key.hex()
