import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.serial.crc8 import crc8_maxim
from protocols.serial.xor8 import xor8


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"123456789", 0xA1),  # the check value of the CRC catalogue for CRC-8/MAXIM-DOW
        (b"[\r\n2611220730\r\n", 0x2C),  # crcmod's crc-8-maxim, as glucometerutils uses it
        (b"", 0x00),
    ],
)
def test_known_crc8_values(data: bytes, crc: int) -> None:
    assert crc8_maxim(data) == crc


def test_known_xor_values() -> None:
    assert xor8(b"\x10\x30") == 0x20  # glucometerutils, drivers/sdcodefree.py
    assert xor8(b"") == 0


@given(st.binary(min_size=1, max_size=64), st.data())
def test_one_changed_bit_is_seen(data: bytes, draw: st.DataObject) -> None:
    bit = draw.draw(st.integers(0, 8 * len(data) - 1))
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    assert crc8_maxim(bytes(changed)) != crc8_maxim(data)
    assert xor8(bytes(changed)) != xor8(data)
