from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, ReservedValue, Truncated, UnexpectedReply
from protocols.reading import Flag, Meal, Metric
from protocols.serial.sd_biosensor import codefree
from protocols.serial.sd_biosensor.codefree_session import CodefreeSession
from protocols.serial.sd_biosensor.frame import MAX_MESSAGE, Direction, Frame, FrameSplitter, decode_frame, encode_frame
from protocols.serial.session import RecordRead, Send

AT = datetime(2026, 11, 22, 7, 30)
frames = st.builds(Frame, st.sampled_from(Direction), st.binary(min_size=1, max_size=MAX_MESSAGE))
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))

# Built by glucometerutils @ 9b87a5b8, drivers/sdcodefree.py; the first is written out there
OUTSIDE_FRAMES = [
    ("532004103020aa", Frame(Direction.TO_HOST, codefree.GREETING)),
    ("531004104050aa", Frame(Direction.TO_METER, codefree.GREETING_ANSWER)),
    ("531004106070aa", Frame(Direction.TO_METER, codefree.FETCH)),
    ("532004107060aa", Frame(Direction.TO_HOST, codefree.FAREWELL)),
    ("53201830012c" + "aa" * 19 + "b7aa", Frame(Direction.TO_HOST, codefree.encode_count(300))),
    ("531013414441544532303236313132323037333057aa", Frame(Direction.TO_METER, codefree.encode_clock_setting(AT))),
]
OUTSIDE_RECORD = "53201320001a0b16071e012a100102030405060705aa"


@pytest.mark.parametrize(("data", "frame"), OUTSIDE_FRAMES)
def test_frames_from_outside(data: str, frame: Frame) -> None:
    assert decode_frame(bytes.fromhex(data)) == frame
    assert encode_frame(frame.direction, frame.message) == bytes.fromhex(data)


def test_record_from_outside() -> None:
    record = codefree.decode_record(decode_frame(bytes.fromhex(OUTSIDE_RECORD)).message)
    assert record.values == ((Metric.GLUCOSE, 298.0),)
    assert (record.device_time, record.meal, record.flags) == (AT, Meal.BEFORE_MEAL, ())


@given(frames)
def test_frame_goes_there_and_back(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame.direction, frame.message)) == frame


@given(frames, st.data())
def test_any_cut_is_truncated(frame: Frame, data: st.DataObject) -> None:
    whole = encode_frame(frame.direction, frame.message)
    with pytest.raises(Truncated):
        decode_frame(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.sampled_from((b"", b"\x53", b"\x53\x20\x04")), st.binary(max_size=64))
def test_any_bytes_are_a_frame_or_a_protocol_error(start: bytes, rest: bytes) -> None:
    try:
        frame = decode_frame(start + rest)
    except ProtocolError:
        return
    assert encode_frame(frame.direction, frame.message) == start + rest


def test_what_is_wrong_is_named() -> None:
    whole = encode_frame(Direction.TO_HOST, b"\x10\x30")
    with pytest.raises(ChecksumMismatch):
        decode_frame(whole[:5] + b"\x21" + whole[6:])
    with pytest.raises(ReservedValue, match="direction 30"):
        decode_frame(b"\x53\x30" + whole[2:])
    with pytest.raises(DecodeError, match="begins with 53"):
        decode_frame(b"\x54" + whole[1:])
    with pytest.raises(DecodeError, match="no message"):
        decode_frame(b"\x53\x20\x02\x00\xaa")
    with pytest.raises(DecodeError, match="ends with aa"):
        decode_frame(whole[:-1] + b"\xab")
    with pytest.raises(DecodeError, match="behind the frame"):
        decode_frame(whole + b"\0")
    with pytest.raises(ValueError, match="253"):
        encode_frame(Direction.TO_HOST, bytes(MAX_MESSAGE + 1))


noise = st.binary(max_size=20).map(lambda data: data.replace(b"\x53", b"\0"))


@given(st.lists(st.tuples(noise, frames), max_size=4), noise, st.integers(1, 40))
def test_stream_is_cut_however_it_arrives(parts: list[tuple[bytes, Frame]], tail: bytes, size: int) -> None:
    stream = b"".join(before + encode_frame(frame.direction, frame.message) for before, frame in parts) + tail
    splitter = FrameSplitter()
    got = [frame for at in range(0, len(stream), size) for frame in splitter.feed(stream[at : at + size])]
    assert got == [frame for _, frame in parts]


def test_unfinished_frame_can_be_cleared() -> None:
    splitter = FrameSplitter()
    splitter.feed(bytes.fromhex("5320ff0102"))
    splitter.clear()
    assert splitter.feed(bytes.fromhex(OUTSIDE_FRAMES[0][0])) == [OUTSIDE_FRAMES[0][1]]


@given(times, st.integers(10, 600), st.sampled_from((None, Meal.BEFORE_MEAL, Meal.AFTER_MEAL)))
def test_record_goes_there_and_back(at: datetime, mg_dl: int, meal: Meal | None) -> None:
    record = codefree.decode_record(codefree.encode_record(at, mg_dl, meal))
    assert (record.values, record.device_time, record.meal) == (((Metric.GLUCOSE, float(mg_dl)),), at, meal)


@pytest.mark.parametrize(("mg_dl", "value", "flag"), [(601, 600.0, Flag.ABOVE_RANGE), (9, 10.0, Flag.BELOW_RANGE)])
def test_hi_and_lo_are_flagged_bounds(mg_dl: int, value: float, flag: Flag) -> None:
    record = codefree.decode_record(codefree.encode_record(AT, mg_dl))
    assert (record.values, record.flags) == (((Metric.GLUCOSE, value),), (flag,))


def test_time_that_there_is_not_is_none() -> None:
    message = bytearray(codefree.encode_record(AT, 100))
    message[3] = 13
    assert codefree.decode_record(bytes(message)).device_time is None


def test_meal_mark_that_nobody_described_is_refused() -> None:
    message = bytearray(codefree.encode_record(AT, 100))
    message[9] = 0x30
    with pytest.raises(ReservedValue, match="meal mark 30"):
        codefree.decode_record(bytes(message))


def test_meter_with_such_a_mark_is_let_go_before_its_memory_is_refused() -> None:
    """It would stay in its PC mode until somebody switches it off."""
    message = bytearray(codefree.encode_record(AT, 100))
    message[9] = 0x30
    session = CodefreeSession()
    session.begin()
    for said in (codefree.GREETING, codefree.encode_count(2), codefree.encode_record(AT, 101)):
        session.receive(encode_frame(Direction.TO_HOST, said))
    last = session.receive(encode_frame(Direction.TO_HOST, bytes(message)))
    assert Send(encode_frame(Direction.TO_METER, codefree.FETCH)) in last
    assert not any(isinstance(event, RecordRead) for event in last)
    with pytest.raises(ReservedValue, match="meal mark 30"):
        session.receive(encode_frame(Direction.TO_HOST, codefree.FAREWELL))


@pytest.mark.parametrize(
    ("decode", "message"),
    [(codefree.decode_record, codefree.encode_record(AT, 100)), (codefree.decode_count, codefree.encode_count(3))],
)
def test_messages_are_exact(decode: Callable[[bytes], object], message: bytes) -> None:
    for length in range(len(message)):
        with pytest.raises(Truncated):
            decode(message[:length])
    with pytest.raises(UnexpectedReply):
        decode(message + b"\0")


def test_clock_setting_drops_the_century() -> None:
    sent = codefree.encode_clock_setting(AT.replace(year=2126))
    assert codefree.is_clock_setting(sent)
    assert codefree.decode_clock_setting(sent) == AT
    with pytest.raises(DecodeError, match="twelve digits"):
        codefree.decode_clock_setting(b"ADATE20261322")


@given(
    st.sampled_from((codefree.decode_record, codefree.decode_count, codefree.decode_clock_setting)),
    st.binary(max_size=30),
)
def test_any_bytes_decode_or_are_a_protocol_error(decode: Callable[[bytes], object], data: bytes) -> None:
    try:
        decode(data)
    except ProtocolError:
        return
