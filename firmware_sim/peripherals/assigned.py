"""UUIDs on the air: of assigned numbers 16 bits, as every real device sends them."""

from bumble.core import UUID

_BASE = "-0000-1000-8000-00805f9b34fb"


def is_assigned(uuid: str) -> bool:
    """Whether a UUID in lower case has a short form."""
    return uuid.startswith("0000") and uuid.endswith(_BASE)


def assigned(uuid: str) -> UUID:
    """The short form of a Bluetooth SIG UUID such as those in protocols/gatt/uuids.py."""
    return UUID.from_16_bits(int(uuid[4:8], 16))


def on_air(uuid: str) -> UUID:
    """The form in which a device gives its services and characteristics."""
    return assigned(uuid) if is_assigned(uuid) else UUID(uuid)
