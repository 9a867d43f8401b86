from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, ReservedValue, Truncated, UnexpectedReply
from protocols.reading import GLUCOSE_MG_DL_PER_MMOL_L, Flag, Meal, Metric, Unit
from protocols.serial.menarini import areo
from protocols.serial.menarini.areo import Info
from protocols.serial.menarini.block import NO_READINGS, BlockSplitter, decode_block, encode_block

AT = datetime(2026, 11, 22, 7, 30)
lines = st.binary(max_size=30).map(lambda data: data.translate(bytes.maketrans(b"\r\n[]", b"----")))
blocks = st.lists(lines, max_size=5)
times = st.datetimes(datetime(2000, 1, 1), datetime(2068, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))

# Check values by glucometerutils @ 9b87a5b8 (crcmod's crc-8-maxim), drivers/glucomenareo.py
OUTSIDE_READINGS = b"[\r\nGlu,5.6,mmol/L,02,261122,0730\r\nGlu,7.1,mmol/L,00,261121,2015\r\nC0\r\n]\r\n"
OUTSIDE_INFO = b"[\r\n0,1,2,   AR0012345,  1.00\r\n83\r\n]\r\n"
OUTSIDE_CLOCK = b"[\r\n2611220730\r\n2C\r\n]\r\n"


def test_readings_from_outside() -> None:
    first, second = areo.decode_readings(decode_block(OUTSIDE_READINGS))
    assert dict(first.values)[Metric.GLUCOSE] == pytest.approx(5.6 * GLUCOSE_MG_DL_PER_MMOL_L)
    assert (first.device_time, first.meal, first.flags) == (AT, Meal.BEFORE_MEAL, ())
    assert (second.device_time, second.meal) == (datetime(2026, 11, 21, 20, 15), None)


def test_info_and_clock_from_outside() -> None:
    assert areo.decode_info(decode_block(OUTSIDE_INFO)) == Info("AR0012345", "1.00", ("0", "1", "2"))
    assert encode_block(areo.encode_clock_setting(AT)) == OUTSIDE_CLOCK
    assert areo.decode_clock_setting(decode_block(OUTSIDE_CLOCK)) == AT


@pytest.mark.parametrize("block", [b"[\r\n\x90=\r\n]\r\n", encode_block([NO_READINGS])])
def test_no_readings_with_and_without_check_value(block: bytes) -> None:
    """The specification shows it without; glucometerutils reads it with."""
    assert areo.decode_readings(decode_block(block)) == []


@given(blocks)
def test_block_goes_there_and_back(content: list[bytes]) -> None:
    assert decode_block(encode_block(content)) == content


@given(blocks, st.data())
def test_any_cut_is_truncated(content: list[bytes], data: st.DataObject) -> None:
    whole = encode_block(content)
    with pytest.raises(Truncated):
        decode_block(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.sampled_from((b"", b"[\r\n")), st.binary(max_size=40), st.sampled_from((b"", b"\r\n]\r\n")))
def test_any_bytes_are_a_block_or_a_protocol_error(start: bytes, middle: bytes, end: bytes) -> None:
    try:
        content = decode_block(start + middle + end)
    except ProtocolError:
        return
    assert content == [NO_READINGS] or encode_block(content) == start + middle + end


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ChecksumMismatch):
        decode_block(OUTSIDE_CLOCK.replace(b"2C", b"2D"))
    with pytest.raises(DecodeError, match="two hexadecimal digits"):
        decode_block(OUTSIDE_CLOCK.replace(b"2C", b"2c"))
    with pytest.raises(DecodeError, match="begins with"):
        decode_block(b"x" + OUTSIDE_CLOCK)
    with pytest.raises(DecodeError, match="behind the block"):
        decode_block(OUTSIDE_CLOCK + b"P")


noise = st.binary(max_size=20).map(lambda data: data.replace(b"]", b"-").replace(b"[", b"-"))


@given(st.lists(st.tuples(noise, blocks), max_size=4), st.integers(1, 40))
def test_stream_is_cut_however_it_arrives(parts: list[tuple[bytes, list[bytes]]], size: int) -> None:
    stream = b"".join(before + encode_block(content) for before, content in parts)
    splitter = BlockSplitter()
    got = [block for at in range(0, len(stream), size) for block in splitter.feed(stream[at : at + size])]
    assert [decode_block(block) for block in got] == [content for _, content in parts]


def test_unfinished_block_can_be_cleared() -> None:
    splitter = BlockSplitter()
    splitter.feed(OUTSIDE_READINGS[:20])
    splitter.clear()
    assert splitter.feed(OUTSIDE_READINGS[20:]) == []
    assert splitter.feed(OUTSIDE_CLOCK) == [OUTSIDE_CLOCK]


@given(times, st.integers(20, 600), st.sampled_from((None, Meal.BEFORE_MEAL, Meal.AFTER_MEAL)))
def test_reading_goes_there_and_back(at: datetime, mg_dl: int, meal: Meal | None) -> None:
    (record,) = areo.decode_readings([areo.encode_reading(at, mg_dl, meal=meal)])
    assert (record.values, record.device_time, record.meal) == (((Metric.GLUCOSE, float(mg_dl)),), at, meal)


@pytest.mark.parametrize(
    ("value", "unit", "mg_dl", "flags"),
    [
        ("HI", Unit.MG_DL, 600.0, (Flag.ABOVE_RANGE,)),
        ("LO", Unit.MG_DL, 20.0, (Flag.BELOW_RANGE,)),
        ("601", Unit.MG_DL, 600.0, (Flag.ABOVE_RANGE,)),
        ("1.1", Unit.MMOL_L, 1.1 * GLUCOSE_MG_DL_PER_MMOL_L, ()),
        ("1.0", Unit.MMOL_L, 1.1 * GLUCOSE_MG_DL_PER_MMOL_L, (Flag.BELOW_RANGE,)),
        ("33.3", Unit.MMOL_L, 33.3 * GLUCOSE_MG_DL_PER_MMOL_L, ()),
        ("33.4", Unit.MMOL_L, 33.3 * GLUCOSE_MG_DL_PER_MMOL_L, (Flag.ABOVE_RANGE,)),
    ],
)
def test_bounds_are_those_of_the_unit(value: str, unit: Unit, mg_dl: float, flags: tuple[Flag, ...]) -> None:
    (record,) = areo.decode_readings([f"Glu,{value},{unit},00,261122,0730".encode()])
    assert dict(record.values)[Metric.GLUCOSE] == pytest.approx(mg_dl)
    assert record.flags == flags


def test_time_that_there_is_not_is_none() -> None:
    (record,) = areo.decode_readings([b"Glu,100,mg/dL,00,261322,0730"])
    assert record.device_time is None


def test_reading_of_another_type_is_left_out() -> None:
    assert areo.decode_readings([b"Ket,0.4,mmol/L,00,261122,0730"]) == []


@pytest.mark.parametrize(
    ("line", "error", "word"),
    [
        (b"Glu,100,mg/dL,00,261122", UnexpectedReply, "6 fields"),
        (b"Glu,100,g/L,00,261122,0730", UnexpectedReply, "g/L"),
        (b"Glu,1e9,mg/dL,00,261122,0730", UnexpectedReply, "expected a number"),
        (b"Glu,-5,mg/dL,00,261122,0730", UnexpectedReply, "expected a number"),
        (b"Glu,100,mg/dL,03,261122,0730", ReservedValue, "mark '03'"),
        (b"Glu,\xff,mg/dL,00,261122,0730", UnexpectedReply, "not text"),
    ],
)
def test_line_that_is_no_reading_is_refused(line: bytes, error: type[ProtocolError], word: str) -> None:
    with pytest.raises(error, match=word):
        areo.decode_readings([line])


@pytest.mark.parametrize("content", [[], [b"a,b"], [b"x,1,2, S, V"], [b"0,1,2, S, V", b""]])
def test_info_of_another_meter_is_refused(content: list[bytes]) -> None:
    with pytest.raises(UnexpectedReply, match="not as a GlucoMen Areo"):
        areo.decode_info(content)


@given(
    st.sampled_from((areo.decode_info, areo.decode_readings, areo.decode_clock_setting)),
    st.lists(st.binary(max_size=40), max_size=3),
)
def test_any_lines_decode_or_are_a_protocol_error(
    decode: Callable[[list[bytes]], object], content: list[bytes]
) -> None:
    try:
        decode(content)
    except ProtocolError:
        return
