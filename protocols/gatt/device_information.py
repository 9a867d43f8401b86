"""Device Information Service (0x180A): who made this device, and which one is it."""

from dataclasses import dataclass

from protocols.cursor import Cursor
from protocols.errors import DecodeError


def decode_text(data: bytes) -> str:
    """A UTF-8 string characteristic (manufacturer, model, serial number, revisions).

    Devices pad with NUL and blanks; both are cut from the ends. Raises DecodeError where the bytes are not UTF-8.
    """
    try:
        return data.decode("utf-8").strip("\0 \t\r\n")
    except UnicodeDecodeError as error:
        raise DecodeError("text is not UTF-8", offset=error.start) from error


def encode_text(text: str) -> bytes:
    return text.encode("utf-8")


@dataclass(frozen=True)
class PnpId:
    """PnP ID (0x2A50), 7 bytes."""

    vendor_id_source: int
    """1: Bluetooth SIG company, 2: USB vendor."""
    vendor_id: int
    product_id: int
    product_version: int
    """Binary-coded decimal 0xJJMN: version JJ.M.N."""


def decode_pnp_id(data: bytes) -> PnpId:
    """Raises Truncated below 7 bytes."""
    cursor = Cursor(data)
    return PnpId(cursor.u8(), cursor.u16_le(), cursor.u16_le(), cursor.u16_le())


def encode_pnp_id(pnp_id: PnpId) -> bytes:
    numbers = (pnp_id.vendor_id, pnp_id.product_id, pnp_id.product_version)
    return bytes((pnp_id.vendor_id_source,)) + b"".join(number.to_bytes(2, "little") for number in numbers)


@dataclass(frozen=True)
class SystemId:
    """System ID (0x2A23), 8 bytes: 40 bits given by the maker, 24 bits given to the maker (OUI)."""

    manufacturer_identifier: int
    organizationally_unique_identifier: int


def decode_system_id(data: bytes) -> SystemId:
    """Raises Truncated below 8 bytes."""
    cursor = Cursor(data)
    return SystemId(cursor.uint_le(5), cursor.u24_le())


def encode_system_id(system_id: SystemId) -> bytes:
    return system_id.manufacturer_identifier.to_bytes(5, "little") + (
        system_id.organizationally_unique_identifier.to_bytes(3, "little")
    )
