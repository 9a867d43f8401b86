"""Bytes as an administrator reads them: offset, hexadecimal, text."""

_WIDTH = 16


def hexdump(data: bytes) -> str:
    """Lines of 16 bytes; what is not printable ASCII is a dot."""
    lines = []
    for start in range(0, len(data), _WIDTH):
        row = data[start : start + _WIDTH]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        lines.append(f"{start:06x}  {row.hex(' '):<{_WIDTH * 3 - 1}}  {text}")
    return "\n".join(lines)
