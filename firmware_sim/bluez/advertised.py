"""Advertising data -> what Device1 says about it. Core Supplement, Part A.

Advertisements come from strangers: what cannot be read is skipped, field by field, as bluetoothd does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

_BASE_UUID_TAIL = "-0000-1000-8000-00805f9b34fb"
_UUID_LISTS = {0x02: 2, 0x03: 2, 0x04: 4, 0x05: 4, 0x06: 16, 0x07: 16}
_SERVICE_DATA = {0x16: 2, 0x20: 4, 0x21: 16}
_FLAGS = 0x01
_SHORT_NAME = 0x08
_COMPLETE_NAME = 0x09
_TX_POWER = 0x0A
_APPEARANCE = 0x19
_MANUFACTURER = 0xFF


@dataclass
class Advertised:
    """One advertisement with its scan response. UUIDs are 128-bit, lower case; powers in dBm."""

    name: str | None = None
    uuids: list[str] = field(default_factory=list)
    service_data: dict[str, bytes] = field(default_factory=dict)
    manufacturer_data: dict[int, bytes] = field(default_factory=dict)
    tx_power_dbm: int | None = None
    appearance: int | None = None
    flags: int | None = None


def uuid_from_le(raw: bytes) -> str:
    """Return the 128-bit form of a UUID of 2, 4 or 16 bytes, little-endian."""
    if len(raw) == 16:
        return str(uuid.UUID(bytes=raw[::-1]))
    return f"{int.from_bytes(raw, 'little'):08x}{_BASE_UUID_TAIL}"


def read_advertised(structures: Iterable[tuple[int, bytes]]) -> Advertised:
    """Read AD structures (type, data)."""
    found = Advertised()
    complete_name = False
    for kind, data in structures:
        if kind in _UUID_LISTS:
            size = _UUID_LISTS[kind]
            for offset in range(0, len(data) - size + 1, size):
                service = uuid_from_le(data[offset : offset + size])
                if service not in found.uuids:
                    found.uuids.append(service)
        elif kind in _SERVICE_DATA and len(data) >= _SERVICE_DATA[kind]:
            size = _SERVICE_DATA[kind]
            found.service_data[uuid_from_le(data[:size])] = data[size:]
        elif kind == _MANUFACTURER and len(data) >= 2:
            found.manufacturer_data[int.from_bytes(data[:2], "little")] = data[2:]
        elif kind == _COMPLETE_NAME or (kind == _SHORT_NAME and not complete_name):
            found.name = _text(data) or found.name
            complete_name = complete_name or kind == _COMPLETE_NAME
        elif kind == _TX_POWER and len(data) == 1:
            found.tx_power_dbm = int.from_bytes(data, "little", signed=True)
        elif kind == _APPEARANCE and len(data) == 2:
            found.appearance = int.from_bytes(data, "little")
        elif kind == _FLAGS and data:
            found.flags = data[0]
    return found


def _text(data: bytes) -> str:
    """Return a name that may stand on D-Bus: valid UTF-8 up to the first NUL."""
    return data.split(b"\x00")[0].decode("utf-8", errors="replace").strip()
