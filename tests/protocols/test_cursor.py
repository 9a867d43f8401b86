import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.cursor import Cursor
from protocols.errors import Truncated


def test_fields_are_read_in_their_byte_order() -> None:
    cursor = Cursor(bytes.fromhex("01 0203 040506 0708090a 0b0c fffe fefd aabb"))
    assert cursor.u8() == 0x01
    assert cursor.u16_le() == 0x0302
    assert cursor.u24_le() == 0x060504
    assert cursor.u32_le() == 0x0A090807
    assert cursor.u16_be() == 0x0B0C
    assert cursor.i16_le() == -257
    assert cursor.i16_be() == -259
    assert cursor.remaining == 2
    assert cursor.rest() == b"\xaa\xbb"
    assert cursor.remaining == 0


def test_running_out_says_where_the_next_byte_was_expected() -> None:
    cursor = Cursor(b"\x01\x02\x03", offset=1)
    with pytest.raises(Truncated) as raised:
        cursor.u32_le()
    assert raised.value.offset == 3
    assert cursor.offset == 1  # nothing was consumed


def test_offset_behind_the_end_has_nothing_left() -> None:
    cursor = Cursor(b"\x01", offset=5)
    assert cursor.remaining == 0
    with pytest.raises(Truncated):
        cursor.u8()


@given(st.binary(max_size=40), st.lists(st.integers(0, 12), max_size=10))
def test_taken_pieces_are_the_data_in_order(data: bytes, counts: list[int]) -> None:
    cursor = Cursor(data)
    taken = b""
    for count in counts:
        if count > cursor.remaining:
            with pytest.raises(Truncated):
                cursor.take(count)
            break
        taken += cursor.take(count)
    assert taken + cursor.rest() == data


@given(st.integers(1, 8), st.data())
def test_signed_integers_of_any_length(length: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(-(1 << 8 * length - 1), (1 << 8 * length - 1) - 1))
    assert Cursor(value.to_bytes(length, "little", signed=True)).int_le(length) == value
