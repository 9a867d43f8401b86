from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError, ReservedValue, UnexpectedReply
from protocols.reading import Flag, Meal, Metric, Unit
from protocols.serial.lifescan import verio_iq
from protocols.serial.lifescan.command import Command, CommandKind
from protocols.serial.lifescan.frame import Link, decode_frame, encode_frame

AT = datetime(2026, 11, 22, 7, 30)
times = st.datetimes(datetime(2000, 1, 1), datetime(2136, 2, 7, 6, 28, 15)).map(lambda at: at.replace(microsecond=0))

DECODERS: list[Callable[[bytes], object]] = [
    verio_iq.decode_serial_reply,
    verio_iq.decode_version_reply,
    verio_iq.decode_unit_reply,
    verio_iq.decode_clock_reply,
    verio_iq.decode_count_reply,
    verio_iq.decode_record_reply,
    verio_iq.decode_command,
]


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        (verio_iq.READ_SERIAL, Command(CommandKind.READ_SERIAL, 3)),
        (bytes.fromhex("040b0002"), Command(CommandKind.READ_SERIAL, 4)),  # as Tidepool's oneTouchVerioIQ.js asks
        (verio_iq.READ_VERSION, Command(CommandKind.READ_VERSION, 3)),
        (verio_iq.READ_UNIT, Command(CommandKind.READ_UNIT, 3)),
        (verio_iq.READ_CLOCK, Command(CommandKind.READ_CLOCK, 3)),
        (verio_iq.READ_COUNT, Command(CommandKind.READ_COUNT, 3)),
        (verio_iq.ERASE, Command(CommandKind.ERASE, 3)),
        (verio_iq.encode_record_request(0x0123), Command(CommandKind.READ_RECORD, 3, index=0x0123)),
        (verio_iq.encode_clock_setting(AT), Command(CommandKind.SET_CLOCK, 3, device_time=AT)),
    ],
)
def test_commands_are_told_apart(payload: bytes, command: Command) -> None:
    assert verio_iq.decode_command(payload) == command


@pytest.mark.parametrize("payload", [b"\x03\xff", b"\x05\x20\x02"])
def test_unknown_command_is_refused(payload: bytes) -> None:
    with pytest.raises(ReservedValue):
        verio_iq.decode_command(payload)


@pytest.mark.parametrize(
    ("payload", "length"),
    [
        (verio_iq.READ_VERSION, 0x09),
        (verio_iq.READ_SERIAL, 0x0A),
        (verio_iq.READ_CLOCK, 0x09),
        (verio_iq.encode_clock_setting(AT), 0x0D),
        (verio_iq.READ_UNIT, 0x0A),
        (verio_iq.READ_COUNT, 0x09),
        (verio_iq.encode_record_request(3), 0x0A),
        (verio_iq.ERASE, 0x08),
        (verio_iq.encode_clock_reply(AT), 0x0C),
        (verio_iq.encode_unit_reply(Unit.MG_DL), 0x0C),
        (verio_iq.encode_count_reply(3), 0x0A),
        (verio_iq.encode_record_reply(AT, 100), 0x12),
        (verio_iq.encode_done_reply(), 0x08),
    ],
)
def test_frames_have_the_lengths_of_the_specification(payload: bytes, length: int) -> None:
    """glucometer-protocols, lifescan/onetouch-verio-iq, gives the second byte of each."""
    assert encode_frame(Link(0), payload)[1] == length


@pytest.mark.parametrize(
    ("frame", "record_time", "mg_dl", "meal", "control"),
    [
        # built by glucometerutils @ 9b87a5b8: _READING_RESPONSE in its _PACKET, drivers/otverioiq.py
        ("0212000306701fc13255000001000003cb83", "2026-12-25 12:34:56", 85, Meal.BEFORE_MEAL, False),
        ("0212000306701fc132580201020000030cd3", "2026-12-25 12:34:56", 600, Meal.AFTER_MEAL, True),
    ],
)
def test_records_from_outside(frame: str, record_time: str, mg_dl: int, meal: Meal, control: bool) -> None:
    record = verio_iq.decode_record_reply(decode_frame(bytes.fromhex(frame)).payload)
    assert record.values == ((Metric.GLUCOSE, float(mg_dl)),)
    assert record.device_time == datetime.fromisoformat(record_time)
    assert (record.meal, record.control_solution, record.flags) == (meal, control, ())
    encoded = verio_iq.encode_record_reply(datetime.fromisoformat(record_time), mg_dl, meal, control_solution=control)
    assert encode_frame(Link(0), encoded) == bytes.fromhex(frame)


@given(times, st.integers(20, 600), st.sampled_from((None, Meal.BEFORE_MEAL, Meal.AFTER_MEAL)), st.booleans())
def test_record_goes_there_and_back(at: datetime, mg_dl: int, meal: Meal | None, control: bool) -> None:
    record = verio_iq.decode_record_reply(verio_iq.encode_record_reply(at, mg_dl, meal, control_solution=control))
    assert record.values == ((Metric.GLUCOSE, float(mg_dl)),)
    assert (record.device_time, record.meal, record.control_solution) == (at, meal, control)


@pytest.mark.parametrize(
    ("mg_dl", "value", "flag"),
    [(0xFFFF, 600.0, Flag.ABOVE_RANGE), (601, 600.0, Flag.ABOVE_RANGE), (19, 20.0, Flag.BELOW_RANGE)],
)
def test_hi_and_lo_are_flagged_bounds(mg_dl: int, value: float, flag: Flag) -> None:
    record = verio_iq.decode_record_reply(verio_iq.encode_record_reply(AT, mg_dl))
    assert (record.values, record.flags) == (((Metric.GLUCOSE, value),), (flag,))


@pytest.mark.parametrize("marks", ["02000000", "00030000"])
def test_marks_that_nobody_described_are_refused(marks: str) -> None:
    payload = verio_iq.encode_record_reply(AT, 100)[:8] + bytes.fromhex(marks)
    with pytest.raises(ReservedValue, match="mark"):
        verio_iq.decode_record_reply(payload)


def test_texts_may_be_padded() -> None:
    assert verio_iq.decode_serial_reply(verio_iq.encode_serial_reply("BBBH123C")) == "BBBH123C"
    assert verio_iq.decode_version_reply(bytes.fromhex("0306 05") + b"V1.01" + bytes(13)) == "V1.01"
    with pytest.raises(UnexpectedReply, match="more than a version"):
        verio_iq.decode_version_reply(bytes.fromhex("0306 05") + b"V1.01\0X")


@pytest.mark.parametrize("decode", DECODERS[:-1])
def test_ultraeasy_and_refusals_are_named(decode: Callable[[bytes], object]) -> None:
    with pytest.raises(UnexpectedReply, match="prefix 05: not a OneTouch Verio IQ"):
        decode(bytes.fromhex("0506") + bytes(8))
    with pytest.raises(UnexpectedReply, match="status 09"):
        decode(verio_iq.encode_refusal())


@given(st.sampled_from(DECODERS), st.sampled_from((b"", b"\x03\x06", b"\x03\x20", b"\x03")), st.binary(max_size=40))
def test_any_bytes_decode_or_are_a_protocol_error(decode: Callable[[bytes], object], start: bytes, rest: bytes) -> None:
    try:
        decode(start + rest)
    except ProtocolError:
        return
