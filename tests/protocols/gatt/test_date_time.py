from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.cursor import Cursor
from protocols.errors import ReservedValue, Truncated
from protocols.gatt.current_time import AdjustReason, decode_current_time, encode_current_time
from protocols.gatt.date_time import decode_date_time, encode_date_time, read_date_time

seconds = st.datetimes().map(lambda at: at.replace(microsecond=0))


def test_known_bytes() -> None:
    at = datetime(2020, 5, 21, 10, 30, 45)
    assert decode_date_time(bytes.fromhex("e40705150a1e2d")) == at
    assert encode_date_time(at) == bytes.fromhex("e40705150a1e2d")


@given(seconds)
def test_date_time_goes_there_and_back(at: datetime) -> None:
    assert decode_date_time(encode_date_time(at)) == at


@pytest.mark.parametrize("data", ["0000 05 15 0a1e2d", "e407 00 15 0a1e2d", "e407 05 00 0a1e2d", "0000 00 00 000000"])
def test_zero_in_the_date_means_not_known(data: str) -> None:
    assert decode_date_time(bytes.fromhex(data)) is None


def test_not_known_is_sent_as_zeros() -> None:
    assert encode_date_time(None) == bytes(7)


@pytest.mark.parametrize("data", ["e407 0d 15 0a1e2d", "e407 02 1e 0a1e2d", "e407 05 15 181e2d", "ffff 05 15 0a1e2d"])
def test_outside_the_calendar_is_refused_and_passed_over(data: str) -> None:
    cursor = Cursor(b"\x00" + bytes.fromhex(data) + b"\x55", offset=1)
    with pytest.raises(ReservedValue) as raised:
        read_date_time(cursor)
    assert raised.value.offset == 1
    assert cursor.rest() == b"\x55"


@given(seconds, st.integers(0, 6))
def test_cut_date_time_is_truncated(at: datetime, length: int) -> None:
    with pytest.raises(Truncated):
        decode_date_time(encode_date_time(at)[:length])


def test_current_time_has_day_fraction_and_reason() -> None:
    sunday = datetime(2026, 11, 22, 7, 8, 9, 500_000)
    data = encode_current_time(sunday, AdjustReason.MANUAL_UPDATE | AdjustReason.TIME_ZONE_CHANGE)
    assert data == bytes.fromhex("ea07 0b 16 07 08 09 07 80 05")
    assert decode_current_time(data) == sunday


@given(st.datetimes())
def test_current_time_goes_there_and_back_to_its_resolution(at: datetime) -> None:
    back = decode_current_time(encode_current_time(at))
    assert back is not None
    assert timedelta(0) <= at - back < timedelta(seconds=1 / 256, microseconds=1)


@given(st.datetimes(), st.integers(0, 9))
def test_cut_current_time_is_truncated(at: datetime, length: int) -> None:
    with pytest.raises(Truncated):
        decode_current_time(encode_current_time(at)[:length])


def test_unknown_current_time() -> None:
    assert decode_current_time(bytes(10)) is None
