"""CRC-8/MAXIM: polynomial 0x31, least significant bit first, seed 0."""

_POLYNOMIAL_REFLECTED = 0x8C


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL_REFLECTED if crc & 1 else 0)
        entries.append(crc)
    return tuple(entries)


_TABLE = _table()


def crc8_maxim(data: bytes) -> int:
    """The 8-bit check value of `data`. Of `123456789` it is 0xA1."""
    crc = 0
    for byte in data:
        crc = _TABLE[crc ^ byte]
    return crc
