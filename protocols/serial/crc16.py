"""CRC-16-CCITT with seed 0xFFFF: polynomial 0x1021, most significant bit first, nothing reflected or inverted."""

_POLYNOMIAL = 0x1021


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = crc << 1 ^ (_POLYNOMIAL if crc & 0x8000 else 0)
        entries.append(crc & 0xFFFF)
    return tuple(entries)


_TABLE = _table()


def crc16_ccitt(data: bytes, seed: int = 0xFFFF) -> int:
    """The 16-bit check value of `data`. Of `123456789` it is 0x29B1."""
    crc = seed
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _TABLE[crc >> 8 ^ byte]
    return crc
