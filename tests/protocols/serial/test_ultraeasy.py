from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError, ReservedValue, UnexpectedReply
from protocols.reading import Flag, Metric, Unit
from protocols.serial.lifescan import ultraeasy
from protocols.serial.lifescan.command import Command, CommandKind

AT = datetime(2026, 11, 22, 7, 30)
times = st.datetimes(datetime(1970, 1, 1), datetime(2106, 2, 7, 6, 28, 15)).map(lambda at: at.replace(microsecond=0))

DECODERS: list[Callable[[bytes], object]] = [
    ultraeasy.decode_serial_reply,
    ultraeasy.decode_version_reply,
    ultraeasy.decode_unit_reply,
    ultraeasy.decode_clock_reply,
    ultraeasy.decode_count_reply,
    ultraeasy.decode_record_reply,
    ultraeasy.decode_command,
]


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        (ultraeasy.READ_SERIAL, Command(CommandKind.READ_SERIAL, 5)),
        (bytes.fromhex("050b02000000000000000000"), Command(CommandKind.READ_SERIAL, 5)),  # as glucometerutils asks
        (ultraeasy.READ_VERSION, Command(CommandKind.READ_VERSION, 5)),
        (ultraeasy.READ_UNIT, Command(CommandKind.READ_UNIT, 5)),
        (ultraeasy.READ_CLOCK, Command(CommandKind.READ_CLOCK, 5)),
        (ultraeasy.ERASE, Command(CommandKind.ERASE, 5)),
        (bytes.fromhex("051ff501"), Command(CommandKind.READ_RECORD, 5, index=501)),
        (ultraeasy.encode_record_request(0x0123), Command(CommandKind.READ_RECORD, 5, index=0x0123)),
        (ultraeasy.encode_clock_setting(AT), Command(CommandKind.SET_CLOCK, 5, device_time=AT)),
    ],
)
def test_commands_are_told_apart(payload: bytes, command: Command) -> None:
    assert ultraeasy.decode_command(payload) == command


def test_unknown_command_is_refused() -> None:
    with pytest.raises(ReservedValue, match="05 ff"):
        ultraeasy.decode_command(b"\x05\xff")


def test_record_bytes() -> None:
    """0x6A1B0EA8 s after 1970 is 2026-05-30 16:22:00; 0x55 is 85 mg/dL."""
    record = ultraeasy.decode_record_reply(bytes.fromhex("0506 a80e1b6a 55000000"))
    assert record.values == ((Metric.GLUCOSE, 85.0),)
    assert record.device_time == datetime(2026, 5, 30, 16, 22)
    assert record.sequence is None  # index 0 is the newest, so an index is no name
    assert record.flags == ()


@given(times, st.integers(20, 600))
def test_record_goes_there_and_back(at: datetime, mg_dl: int) -> None:
    record = ultraeasy.decode_record_reply(ultraeasy.encode_record_reply(at, mg_dl))
    assert record.values == ((Metric.GLUCOSE, float(mg_dl)),)
    assert record.device_time == at


@pytest.mark.parametrize(
    ("mg_dl", "value", "flag"),
    [(0xFFFF, 600.0, Flag.ABOVE_RANGE), (601, 600.0, Flag.ABOVE_RANGE), (19, 20.0, Flag.BELOW_RANGE)],
)
def test_what_the_display_shows_as_hi_or_lo_is_a_flagged_bound(mg_dl: int, value: float, flag: Flag) -> None:
    record = ultraeasy.decode_record_reply(ultraeasy.encode_record_reply(AT, mg_dl))
    assert record.values == ((Metric.GLUCOSE, value),)
    assert record.flags == (flag,)


@given(times)
def test_clock_goes_there_and_back(at: datetime) -> None:
    assert ultraeasy.decode_clock_reply(ultraeasy.encode_clock_reply(at)) == at


@given(st.integers(0, 500))
def test_count_goes_there_and_back(count: int) -> None:
    assert ultraeasy.decode_count_reply(ultraeasy.encode_count_reply(count)) == count


def test_count_beyond_the_memory_is_refused() -> None:
    with pytest.raises(UnexpectedReply, match="501 records"):
        ultraeasy.decode_count_reply(bytes.fromhex("050f f501"))


@pytest.mark.parametrize("unit", [Unit.MG_DL, Unit.MMOL_L])
def test_unit_goes_there_and_back(unit: Unit) -> None:
    assert ultraeasy.decode_unit_reply(ultraeasy.encode_unit_reply(unit)) is unit


def test_unit_that_is_none_is_refused() -> None:
    with pytest.raises(UnexpectedReply, match="unit is 2"):
        ultraeasy.decode_unit_reply(bytes.fromhex("0506 02000000"))


def test_texts() -> None:
    assert ultraeasy.decode_serial_reply(ultraeasy.encode_serial_reply("C176NA00Q")) == "C176NA00Q"
    reply = ultraeasy.encode_version_reply("P02.00.0025/05/07")
    assert reply[2] == 0x11  # seen on the wire of a real meter (PROTOCOLS: 05 06 11 ...)
    assert ultraeasy.decode_version_reply(reply) == "P02.00.0025/05/07"


@pytest.mark.parametrize("serial_number", [b"", b"\0\0", b"\xff\xfe", b"AB\x07C"])
def test_serial_number_that_is_no_text_is_refused(serial_number: bytes) -> None:
    with pytest.raises(UnexpectedReply, match="serial number is not text"):
        ultraeasy.decode_serial_reply(b"\x05\x06" + serial_number)


@pytest.mark.parametrize("version", ["OneTouch Verio IQ", "V1", "ULTRA2 P01.00.00"])
def test_version_of_another_model_is_refused_by_name(version: str) -> None:
    with pytest.raises(UnexpectedReply, match="OneTouch UltraEasy"):
        ultraeasy.decode_version_reply(ultraeasy.encode_version_reply(version))


@pytest.mark.parametrize("decode", DECODERS[:-1])
def test_other_prefix_is_another_meter(decode: Callable[[bytes], object]) -> None:
    with pytest.raises(UnexpectedReply, match="prefix 03: not a OneTouch UltraEasy"):
        decode(bytes.fromhex("0306") + bytes(8))


@pytest.mark.parametrize("decode", DECODERS[:-1])
def test_refusal_is_an_unexpected_reply(decode: Callable[[bytes], object]) -> None:
    with pytest.raises(UnexpectedReply, match="status 09"):
        decode(ultraeasy.encode_refusal())


@given(st.sampled_from(DECODERS), st.sampled_from((b"", b"\x05\x06", b"\x05\x0f", b"\x05")), st.binary(max_size=40))
def test_any_bytes_decode_or_are_a_protocol_error(decode: Callable[[bytes], object], start: bytes, rest: bytes) -> None:
    try:
        decode(start + rest)
    except ProtocolError:
        return


def test_done_reply_is_success_alone() -> None:
    assert ultraeasy.encode_done_reply() == b"\x05\x06"
