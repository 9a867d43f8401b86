"""The plain sum of all bytes, cut to 16 bits."""


def sum16(data: bytes) -> int:
    return sum(data) & 0xFFFF
