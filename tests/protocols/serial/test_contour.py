from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, ProtocolError, Truncated, UnexpectedReply
from protocols.reading import Flag, Meal, Metric
from protocols.serial.ascensia import records
from protocols.serial.ascensia.frame import Control, Frame, encode_frame
from protocols.serial.ascensia.records import Header, decode_header, decode_result, is_control_order
from protocols.serial.ascensia.session import ContourSession
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import ClockRead, Event, Finished, Identified, LineSettings, RecordRead, Send, Wait

AT = datetime(2026, 11, 22, 7, 30)
HEADER = records.encode_header("7350", "7350-1155328", AT, 2)
ENQ, ACK, NAK, EOT = (bytes((control,)) for control in (Control.ENQ, Control.ACK, Control.NAK, Control.EOT))


def frames_of(*lines: str) -> list[bytes]:
    return [
        encode_frame(Frame((place + 1) % 8, f"{line}\r".encode(), place == len(lines) - 1))
        for place, line in enumerate(lines)
    ]


def memory(*results: str) -> list[bytes]:
    return frames_of(HEADER, "P|1", *results, "L|1||N")


def sent_in(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Send))


def told_in(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, Send | Wait)]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        # Tidepool bayerContourNext.js; glucodump test_sync, test_H; glucometerutils test_contourusb.py
        (
            r"H|\^&||qvqOi8|Bayer7350^01.14\01.03\04.18^7358-1611135^0000-|A=1^C=00^I=0200|4|||||P|1|201505291248",
            Header("7350", r"01.14\01.03\04.18", "7358-1611135", datetime(2015, 5, 29, 12, 48)),
        ),
        (
            r"H|\^&||-7880|Bayer7150^1.05\0.00^7150-SAM2193|||||||P|1|200305121635",
            Header("7150", r"1.05\0.00", "7150-SAM2193", datetime(2003, 5, 12, 16, 35)),
        ),
        (
            r"H|\^&||uvmjq4|Bayer7390^01.20\01.04\04.02.19^7390-1163170^7396-|A=1^C=63^U=1^V=10600|209||||||1|201102142249",
            Header("7390", r"01.20\01.04\04.02.19", "7390-1163170", datetime(2011, 2, 14, 22, 49)),
        ),
    ],
)
def test_headers_from_outside(text: str, header: Header) -> None:
    assert decode_header(text) == header


@pytest.mark.parametrize(
    ("text", "at", "mg_dl", "meal"),
    [
        # Tidepool bayerContourNext.js, glucometerutils test_contourusb.py, glucodump test_R, GNU Gluco AscensiaMeter
        ("R|3|^^^Glucose|93|mg/dL^P||A/M0/T1||201505261150", datetime(2015, 5, 26, 11, 50), 93.0, Meal.AFTER_MEAL),
        ("R|8|^^^Glucose|133|mg/dL^P||B/X||201202052034", datetime(2012, 2, 5, 20, 34), 133.0, Meal.BEFORE_MEAL),
        ("R|5|^^^Glucose|10.1|mmol/L^P||||201011131409", datetime(2010, 11, 13, 14, 9), 182.0, None),
        ("R|81|^^^Glucose|11.5|mmol/L^P||A/Z1||201012272001", datetime(2010, 12, 27, 20, 1), 207.2, Meal.AFTER_MEAL),
        ("R|2|^^^Glucose|2.83|mmol/L^P|||||||200612190719", datetime(2006, 12, 19, 7, 19), 51.0, None),
    ],
)
def test_results_from_outside(text: str, at: datetime, mg_dl: float, meal: Meal | None) -> None:
    record = decode_result(text)
    assert record is not None
    assert (record.device_time, record.values, record.meal) == (at, ((Metric.GLUCOSE, mg_dl),), meal)
    assert not record.control_solution
    assert record.flags == ()


@pytest.mark.parametrize(
    "text",
    [
        "R|3|^^^Glucose|118|mg/dL^P||C/M0/T1||201505261150",  # Tidepool bayerContourNext.js isControl
        r"R|3|^^^Glucose|118|mg/dL^P||T||E|||201505261150",  # Tidepool bayerContour.js isControl
    ],
)
def test_control_solution_is_marked(text: str) -> None:
    record = decode_result(text)
    assert record is not None
    assert record.control_solution


def test_order_may_say_control_solution() -> None:
    assert is_control_order("O|2||||||||||Q")  # glucodump test_O
    assert not is_control_order("O|1")


@pytest.mark.parametrize(
    ("value", "unit", "marks", "recorded", "flags"),
    [
        ("601", "mg/dL", ">", 600.0, (Flag.ABOVE_RANGE,)),
        ("33.4", "mmol/L", r">\T", 600.0, (Flag.ABOVE_RANGE,)),
        ("601", "mg/dL", "", 600.0, (Flag.ABOVE_RANGE,)),
        ("19", "mg/dL", "</M0", 20.0, (Flag.BELOW_RANGE,)),
        ("9", "mg/dL", "<", 20.0, (Flag.BELOW_RANGE,)),
        ("12", "mg/dL", "", 12.0, ()),
    ],
)
def test_hi_and_lo_are_bounds(value: str, unit: str, marks: str, recorded: float, flags: tuple[Flag, ...]) -> None:
    record = decode_result(f"R|3|^^^Glucose|{value}|{unit}^P||{marks}||201505261150")
    assert record is not None
    assert (record.values, record.flags) == (((Metric.GLUCOSE, recorded),), flags)


def test_result_of_something_else_is_none() -> None:
    assert decode_result("R|3|^^^Carbs|40|g||||201505261150") is None


def test_time_that_is_none_is_kept_and_flagged() -> None:
    record = decode_result("R|3|^^^Glucose|93|mg/dL^P||||200000000000")
    assert record is not None
    assert (record.device_time, record.flags) == (NEVER_SET, (Flag.DEVICE_TIME_FAULT,))


def test_seconds_are_taken_where_they_are_there() -> None:
    record = decode_result("R|3|^^^Glucose|93|mg/dL^P||||20150526115042")
    assert record is not None
    assert record.device_time == datetime(2015, 5, 26, 11, 50, 42)


@pytest.mark.parametrize(
    "text", ["R|3|^^^Glucose|high|mg/dL^P||||201505261150", "R|3|^^^Glucose|93|mol^P||||201505261150"]
)
def test_value_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="is no number of mg/dL or mmol/L"):
        decode_result(text)


@given(st.integers(0, len("R|3|^^^Glucose|93|mg/dL^P||A/M0/T1||20150526115") - 1))
def test_any_truncation_of_a_result_is_told(length: int) -> None:
    with pytest.raises(Truncated):
        decode_result("R|3|^^^Glucose|93|mg/dL^P||A/M0/T1||201505261150"[:length])


@given(st.integers(1, HEADER.rindex("|") - 1))
def test_any_truncation_of_a_header_is_told(length: int) -> None:
    with pytest.raises(Truncated):
        decode_header(HEADER[:length])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((r"\^&", "~^&"), "delimiters"),
        (("Bayer7350", "Sysmex"), "calls itself 'Sysmex', not Bayer or Contour"),
        (("7350-1155328", ""), "serial number"),
        (("H|", "P|"), "not with a header"),
    ],
)
def test_header_of_another_instrument_is_refused(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(UnexpectedReply, match=sentence):
        decode_header(HEADER.replace(*change, 1))


@given(
    st.sampled_from([decode_header, decode_result]),
    st.text(max_size=40) | st.lists(st.text(max_size=6), max_size=20).map(lambda fields: "H|" + "|".join(fields)),
)
def test_any_text_decodes_or_is_a_protocol_error(decode: Callable[[str], object], text: str) -> None:
    try:
        decode(text)
    except ProtocolError:
        return


def test_line_is_that_of_the_meter() -> None:
    assert ContourSession().line == LineSettings(baud=9600)


def test_records_are_told_when_the_end_is_there_and_before_its_acknowledgement() -> None:
    session = ContourSession()
    assert session.begin()[0] == Send(EOT)
    assert sent_in(session.receive(ENQ)) == ACK
    frames = memory(records.encode_result(1, AT, 102), records.encode_result(2, AT.replace(hour=6), 101))
    first = session.receive(frames[0])
    assert told_in(first) == [Identified("Contour 7350", "7350-1155328", r"02.04\20.00"), ClockRead(AT)]
    for frame in frames[1:-1]:
        events = session.receive(frame)
        assert (told_in(events), sent_in(events)) == ([], ACK)
    last = session.receive(frames[-1])
    assert [type(event) for event in last if not isinstance(event, Wait)] == [RecordRead, RecordRead, Send]
    assert told_in(session.receive(EOT)) == [Finished(2)]


def test_record_may_go_on_in_the_next_frame() -> None:
    session = ContourSession()
    session.begin()
    session.receive(ENQ)
    line = records.encode_result(1, AT, 102)
    texts = [HEADER[:20], HEADER[20:] + "\r", line[:9], line[9:] + "\rL|1||N\r"]
    told = [
        event
        for place, text in enumerate(texts)
        for event in session.receive(encode_frame(Frame(place + 1, text.encode(), place == len(texts) - 1)))
    ]
    assert len([event for event in told if isinstance(event, RecordRead)]) == 1


def test_without_its_end_the_memory_is_not_believed() -> None:
    session = ContourSession()
    session.begin()
    session.receive(ENQ)
    told = [event for frame in memory(records.encode_result(1, AT, 102))[:-1] for event in session.receive(frame)]
    told += session.receive(EOT)
    assert not any(isinstance(event, RecordRead) for event in told)
    assert sent_in(told[-3:]) == EOT  # it is begun anew


def test_damaged_frame_is_asked_for_again_and_a_repeated_one_taken_once() -> None:
    session = ContourSession()
    session.begin()
    session.receive(ENQ)
    frames = memory(records.encode_result(1, AT, 102))
    told = []
    for frame in frames:
        assert sent_in(session.receive(frame[:-4] + b"00\r\n")) == NAK
        told += session.receive(frame)
        if frame is not frames[-1]:
            assert sent_in(session.receive(frame)) == ACK
    assert len([event for event in told if isinstance(event, RecordRead)]) == 1
    assert told_in(session.receive(EOT)) == [Finished(1)]


def test_frame_that_stays_damaged_is_given_up() -> None:
    session = ContourSession()
    session.begin()
    with pytest.raises(UnexpectedReply, match=r"comes damaged 7 times: .*; check the cable"):
        session.receive((ENQ + b"\x021H|\r\x1700\r\n" * 7) * 4)


def test_average_of_an_older_meter_is_no_reading() -> None:
    session = ContourSession()
    session.begin()
    session.receive(ENQ)
    header = records.encode_header("7150", "7150-1155328", AT, 1)
    lines = (header, "P|1", records.encode_result(1, AT, 140), records.encode_result(2, AT, 102), "L|1||N")
    told = [event for frame in frames_of(*lines) for event in session.receive(frame)]
    (record,) = [event.record for event in told if isinstance(event, RecordRead)]
    assert record.values == ((Metric.GLUCOSE, 102.0),)


def test_silent_meter_is_given_up() -> None:
    session = ContourSession()
    session.begin()
    for _ in range(3):
        assert session.timed_out()[0] == Send(EOT)
    with pytest.raises(UnexpectedReply, match=r"silent 4 times; check that it is on, .* a Contour"):
        session.timed_out()


def test_meter_that_is_gone_after_the_end_has_lost_nothing() -> None:
    session = ContourSession()
    session.begin()
    session.receive(ENQ)
    for frame in memory(records.encode_result(1, AT, 102)):
        session.receive(frame)
    assert told_in(session.timed_out()) == [Finished(1)]


def test_second_record_of_a_known_minute_is_told_again() -> None:
    session = ContourSession({AT}.__contains__)
    session.begin()
    session.receive(ENQ)
    lines = (records.encode_result(1, AT, 102), records.encode_result(2, AT, 101))
    told = [event for frame in memory(*lines) for event in session.receive(frame)]
    (record,) = [event.record for event in told if isinstance(event, RecordRead)]
    assert (record.sequence, record.values) == (1, ((Metric.GLUCOSE, 102.0),))
