import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.serial.crc16 import crc16_ccitt


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"123456789", 0x29B1),  # the check value of the CRC catalogue for this polynomial and seed
        (bytes.fromhex("02060603"), 0x41CD),  # glucometerutils support/tests/test_lifescan.py
        (bytes.fromhex("02060803"), 0x62C2),  # likewise
        (b"", 0xFFFF),
    ],
)
def test_known_check_values(data: bytes, crc: int) -> None:
    assert crc16_ccitt(data) == crc


@given(st.binary(max_size=64), st.data())
def test_one_changed_bit_is_seen(data: bytes, draw: st.DataObject) -> None:
    data += b"\x00"
    bit = draw.draw(st.integers(0, 8 * len(data) - 1))
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    assert crc16_ccitt(bytes(changed)) != crc16_ccitt(data)


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_crc_can_be_carried_on(start: bytes, rest: bytes) -> None:
    assert crc16_ccitt(rest, seed=crc16_ccitt(start)) == crc16_ccitt(start + rest)
