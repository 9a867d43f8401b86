from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError, ReservedValue, Truncated
from protocols.taidoc import commands

times = st.datetimes(datetime(2000, 1, 1), datetime(2127, 12, 31, 23, 59)).map(
    lambda at: at.replace(second=0, microsecond=0)
)
DECODERS: list[Callable[[bytes], object]] = [
    commands.decode_time,
    commands.decode_count,
    commands.decode_index,
    commands.decode_model,
    lambda data: commands.decode_serial(data[:4], data[4:]),
]


@pytest.mark.parametrize(
    ("data", "at"),
    [
        # glucometerutils @ 9b87a5b8 drivers/tests/test_td42xx.py
        ("21240e15", datetime(2018, 1, 1, 21, 14)),
        ("21260e15", datetime(2019, 1, 1, 21, 14)),
        ("0427250d", datetime(2019, 8, 4, 13, 37)),
    ],
)
def test_times_from_outside(data: str, at: datetime) -> None:
    assert commands.decode_time(bytes.fromhex(data)) == at
    assert commands.encode_time(at) == bytes.fromhex(data)


@given(times)
def test_time_round_trip(at: datetime) -> None:
    assert commands.decode_time(commands.encode_time(at)) == at


def test_bits_of_unknown_meaning_beside_minute_and_hour_are_left_out() -> None:
    assert commands.decode_time(bytes.fromhex("0427e5ed")) == datetime(2019, 8, 4, 13, 37)


@pytest.mark.parametrize("data", ["00000000", "ffff0000", "04273f0d", "0427251f"])
def test_clock_that_was_never_set_is_no_time(data: str) -> None:
    with pytest.raises(ReservedValue, match="time"):
        commands.decode_time(bytes.fromhex(data))


@pytest.mark.parametrize("year", [1999, 2128])
def test_year_that_the_meter_cannot_hold(year: int) -> None:
    with pytest.raises(ValueError, match="between 2000 and 2127"):
        commands.encode_time(datetime(year, 1, 1))


def test_model_is_decimal() -> None:
    assert commands.decode_model(bytes.fromhex("77420000")) == "4277"
    assert commands.encode_model("4277")[:2] == bytes.fromhex("7742")
    with pytest.raises(ReservedValue):
        commands.decode_model(bytes.fromhex("7f420000"))


def test_empty_meter_counts_none() -> None:
    assert commands.encode_count(0) == bytes.fromhex("0000ffff")  # glucometer-protocols, taidoc/td42xx
    assert commands.decode_count(bytes.fromhex("0000ffff")) == 0


@given(st.integers(0, 0xFFFF))
def test_index_and_count_round_trip(number: int) -> None:
    assert commands.decode_index(commands.encode_index(number)) == number
    assert commands.decode_count(commands.encode_count(number)) == number


@given(st.binary(min_size=8, max_size=8))
def test_serial_number_round_trip(number: bytes) -> None:
    assert commands.decode_serial(*commands.encode_serial_halves(number.hex())) == number.hex().upper()


@given(st.sampled_from(DECODERS), st.binary(max_size=8))
def test_any_bytes_decode_or_are_a_protocol_error(decode: Callable[[bytes], object], data: bytes) -> None:
    try:
        decode(data)
    except ProtocolError:
        return


@pytest.mark.parametrize("length", range(4))
def test_truncated_time_is_told(length: int) -> None:
    with pytest.raises(Truncated):
        commands.decode_time(bytes.fromhex("0427250d")[:length])
