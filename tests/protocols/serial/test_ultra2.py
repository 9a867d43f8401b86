from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, ProtocolError, Truncated, UnexpectedReply
from protocols.reading import Flag, Meal, Metric, Unit
from protocols.serial.lifescan import ultra2
from protocols.serial.lifescan.ultra2 import MemoryHeader
from protocols.serial.sum16 import sum16

AT = datetime(2015, 3, 21, 16, 45, 24)
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31, 23, 59, 59)).map(lambda at: at.replace(microsecond=0))

DECODERS: list[Callable[[bytes], object]] = [
    ultra2.decode_version_line,
    ultra2.decode_serial_line,
    ultra2.decode_clock_line,
    ultra2.decode_header_line,
    ultra2.decode_record_line,
]

# Lines of a real meter, from the comment of Tidepool's lib/drivers/onetouch/oneTouchUltra2.js
OUTSIDE_HEADER = b'P 003,"GMF600DCY","MG/DL " 05A6'
OUTSIDE_RECORDS = [
    (b'P "SAT","03/21/15","16:45:24   ","  081 ","N","03", 00 09B6', "2015-03-21 16:45:24", 81.0, None),
    (b'P "SAT","03/21/15","16:42:11   ","  105 ","B","02", 00 099F', "2015-03-21 16:42:11", 105.0, Meal.BEFORE_MEAL),
    (b'P "SAT","03/21/15","16:39:46   ","  176 ","N","02", 00 09C1', "2015-03-21 16:39:46", 176.0, None),
]
OUTSIDE_CLOCK = b'T "SAT","08/03/13","22:12:00   " 0608'  # glucometerutils, drivers/tests/test_otultra2.py


def with_sum(text: str) -> bytes:
    return ultra2.encode_line(text).removesuffix(b"\r\n")


def test_sum_of_all_bytes_is_cut_to_16_bits() -> None:
    assert sum16(b"T") == 0x54  # glucometerutils, drivers/tests/test_otultra2.py
    assert sum16(b"\xff" * 258) == 258 * 255 - 0x10000


def test_header_from_outside() -> None:
    assert ultra2.decode_header_line(OUTSIDE_HEADER) == MemoryHeader(3, "GMF600DCY", Unit.MG_DL)
    assert ultra2.encode_header_line(MemoryHeader(3, "GMF600DCY", Unit.MG_DL)) == OUTSIDE_HEADER + b"\r\n"


@pytest.mark.parametrize(("line", "at", "mg_dl", "meal"), OUTSIDE_RECORDS)
def test_records_from_outside(line: bytes, at: str, mg_dl: float, meal: Meal | None) -> None:
    record = ultra2.decode_record_line(line)
    assert record.values == ((Metric.GLUCOSE, mg_dl),)
    assert record.device_time == datetime.fromisoformat(at)
    assert (record.meal, record.flags, record.control_solution) == (meal, (), False)


def test_clock_from_outside() -> None:
    assert ultra2.decode_clock_line(OUTSIDE_CLOCK) == datetime(2013, 8, 3, 22, 12)
    assert ultra2.encode_clock_line(datetime(2013, 8, 3, 22, 12), "T") == OUTSIDE_CLOCK + b"\r\n"


def test_serial_number_of_another_model_is_refused() -> None:
    with pytest.raises(UnexpectedReply, match="not a OneTouch Ultra2"):
        ultra2.decode_serial_line(b'@ "12345678O" 0297')  # glucometerutils, drivers/tests/test_otultra2.py
    assert ultra2.decode_serial_line(with_sum('@ "GMF600DCY"')) == "GMF600DCY"


@given(times, st.integers(20, 600), st.sampled_from((None, Meal.BEFORE_MEAL, Meal.AFTER_MEAL)), st.booleans())
def test_record_goes_there_and_back(at: datetime, mg_dl: int, meal: Meal | None, control: bool) -> None:
    line = ultra2.encode_record_line(at, mg_dl, meal, control_solution=control)
    record = ultra2.decode_record_line(line.removesuffix(b"\r\n"))
    assert record.values == ((Metric.GLUCOSE, float(mg_dl)),)
    assert (record.device_time, record.meal, record.control_solution) == (at, meal, control)


@pytest.mark.parametrize(
    ("field", "value", "flags"),
    [
        ("  601 ", 600.0, (Flag.ABOVE_RANGE,)),
        ("  019 ", 20.0, (Flag.BELOW_RANGE,)),
        (" HIGH ", 600.0, (Flag.ABOVE_RANGE,)),
        ("  LOW ", 20.0, (Flag.BELOW_RANGE,)),
        ("  123?", 123.0, (Flag.SENSOR_FAULT,)),
    ],
)
def test_values_with_a_flag(field: str, value: float, flags: tuple[Flag, ...]) -> None:
    record = ultra2.decode_record_line(with_sum(f'P "SAT","03/21/15","16:45:24   ","{field}","N","00", 00'))
    assert (record.values, record.flags) == (((Metric.GLUCOSE, value),), flags)


@pytest.mark.parametrize(
    ("clock", "hour"), [("12:05:00 AM", 0), ("01:05:00 AM", 1), ("12:05:00 PM", 12), ("11:05:00 PM", 23)]
)
def test_clock_of_twelve_hours(clock: str, hour: int) -> None:
    assert ultra2.decode_clock_line(with_sum(f'F "SAT","03/21/15","{clock}"')) == datetime(2015, 3, 21, hour, 5)


def test_time_that_there_is_not_is_none() -> None:
    assert ultra2.decode_clock_line(with_sum('F "SAT","02/30/15","16:45:24   "')) is None
    record = ultra2.decode_record_line(with_sum('P "SAT","00/00/00","16:45:24   ","  081 ","N","03", 00'))
    assert (record.device_time, record.values) == (None, ((Metric.GLUCOSE, 81.0),))


def test_clock_setting_goes_there_and_back() -> None:
    sent = ultra2.encode_clock_setting(AT)
    assert sent == b"\x11\rDMT03/21/15 16:45:24\r"
    assert ultra2.decode_clock_setting(sent[2:-1]) == AT
    assert ultra2.decode_clock_setting(b"DMT99/99/99 16:45:24") is None


@pytest.mark.parametrize("decode", DECODERS)
def test_line_that_is_another_is_refused_with_its_words(decode: Callable[[bytes], object]) -> None:
    with pytest.raises(UnexpectedReply, match="hello"):
        decode(with_sum("hello"))


@pytest.mark.parametrize("line", [OUTSIDE_HEADER, OUTSIDE_CLOCK, *(record[0] for record in OUTSIDE_RECORDS)])
def test_any_cut_is_truncated_and_any_damage_is_seen(line: bytes) -> None:
    for length in range(len(line)):
        with pytest.raises(Truncated):
            ultra2.decode_line(line[:length])
    for place in range(len(line) - 5):
        damaged = line[:place] + bytes((line[place] ^ 1,)) + line[place + 1 :]
        with pytest.raises(ChecksumMismatch):
            ultra2.decode_line(damaged)


@given(st.sampled_from(DECODERS), st.sampled_from(["", 'P "SAT","', "P ", "@ ", "?", "F "]), st.text(max_size=60))
def test_any_text_decodes_or_is_a_protocol_error(decode: Callable[[bytes], object], start: str, rest: str) -> None:
    data = (start + rest).encode("utf-8")
    for line in (data, data + f" {sum16(data):04X}".encode()):
        try:
            decode(line)
        except ProtocolError:
            continue
