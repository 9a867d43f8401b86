"""Assigned numbers on the air: 16 bits, as every real device sends them."""

from bumble.core import UUID


def assigned(uuid: str) -> UUID:
    """The short form of a Bluetooth SIG UUID such as those in protocols/gatt/uuids.py."""
    return UUID.from_16_bits(int(uuid[4:8], 16))
