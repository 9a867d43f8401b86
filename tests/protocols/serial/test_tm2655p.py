import contextlib
import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, ReservedValue, Truncated, UnexpectedReply
from protocols.reading import Flag, Metric
from protocols.record import Record
from protocols.serial.a_and_d import tm2655p
from protocols.serial.a_and_d.tm2655p import FrameSplitter, decode_frame, decode_result, encode_frame, encode_result
from protocols.serial.a_and_d.tm2655p_session import Tm2655PSession
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import ClockRead, Event, Identified, LineSettings, RecordRead, Send, Wait

AT = datetime(2026, 11, 22, 7, 30)
RESULT = encode_result(AT, 128, 95, 79, 66)
FRAME = encode_frame(RESULT)
VALUES = (
    (Metric.SYSTOLIC, 128.0),
    (Metric.MEAN_ARTERIAL_PRESSURE, 95.0),
    (Metric.DIASTOLIC, 79.0),
    (Metric.PULSE, 66.0),
)

texts = st.builds(
    encode_result,
    st.datetimes(datetime(2000, 1, 1), datetime(2068, 1, 1)),
    st.integers(90, 250),
    st.integers(60, 90),
    st.integers(40, 59),
    st.integers(40, 200),
)


def records_of(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, RecordRead)]


@pytest.mark.parametrize(
    ("text", "address", "frame"),
    [
        # commands of a public Ruby reader of the TM-2655 (class TM2655, start, stop, bp)
        (b"ST", b"0 ", "16160130200253540307"),
        (b"SP", b"0 ", "16160130200253500303"),
        (b"RB", b"00", "16160130300252420310"),
    ],
)
def test_commands_from_outside(text: bytes, address: bytes, frame: str) -> None:
    assert encode_frame(text, address) == bytes.fromhex(frame)
    assert decode_frame(bytes.fromhex(frame)) == text


@pytest.mark.parametrize(
    ("text", "at", "values"),
    [
        # answers noted by readers of the TM-2655: the Ruby one, and one in a Thai hospital's kiosk
        ("TM2655|1910291429|RB|M|E00|S102|M 87|D 62|P 83|I17|L139", datetime(2019, 10, 29, 14, 29), (102, 87, 62, 83)),
        ("TM2655|2005110848|RB|M|E00|S107|M 85|D 59|P 88|I16|L 92", datetime(2020, 5, 11, 8, 48), (107, 85, 59, 88)),
        ("TM2655|1910291429|RB|M|E00|S102|M 87|D 62|P 83|I17|L139|", datetime(2019, 10, 29, 14, 29), (102, 87, 62, 83)),
    ],
)
def test_results_from_outside(text: str, at: datetime, values: tuple[float, ...]) -> None:
    record = decode_result(text.replace("|", "\x1e").encode())
    assert record.device_time == at
    assert tuple(value for _, value in record.values) == values
    assert [metric for metric, _ in record.values] == [metric for metric, _ in VALUES]


def test_fields_that_the_setting_leaves_out_may_be_missing() -> None:
    text = b"\x1e".join((b"TM2655", b"2611220730", b"E00", b"S128", b"D 79", b"P 66"))
    assert decode_result(text) == Record((VALUES[0], *VALUES[2:]), AT)


def test_failed_measurement_is_no_number() -> None:
    record = decode_result(tm2655p.encode_failure(AT, 12))
    assert all(math.isnan(value) for _, value in record.values)


def test_wave_of_pulses_is_no_result() -> None:
    with pytest.raises(DecodeError):
        decode_result(b"\x1e".join((b"TM2655", b"1310311616", b"RP", b"N 28", b"157, 13", b"155, 16")))


def test_time_that_was_never_set_is_kept_and_flagged() -> None:
    record = decode_result(RESULT.replace(b"2611220730", b"0000000000"))
    assert (record.device_time, record.flags) == (NEVER_SET, (Flag.DEVICE_TIME_FAULT,))


def test_another_model_is_refused() -> None:
    with pytest.raises(UnexpectedReply, match="calls itself 'TM2657', not TM2655"):
        decode_result(RESULT.replace(b"TM2655", b"TM2657"))


def test_values_of_no_body_are_refused() -> None:
    with pytest.raises(ReservedValue):
        decode_result(RESULT.replace(b"S128", b"S999"))


@given(texts)
def test_frame_round_trip(text: bytes) -> None:
    assert decode_frame(encode_frame(text)) == text


@given(texts, st.data())
def test_any_truncation_of_a_frame_is_told(text: bytes, data: st.DataObject) -> None:
    frame = encode_frame(text)
    with pytest.raises(Truncated) as told:
        decode_frame(frame[: data.draw(st.integers(0, len(frame) - 1))])
    assert told.value.offset < len(frame)


@given(st.integers(0, RESULT.index(b"P 66") + 1))
def test_any_truncation_of_a_result_is_told(length: int) -> None:
    with pytest.raises(Truncated):
        decode_result(RESULT[:length])


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda data: FRAME[:30] + data + FRAME[-2:]))
def test_any_bytes_decode_or_are_a_protocol_error(data: bytes) -> None:
    for decode in (decode_frame, decode_result):
        with contextlib.suppress(ProtocolError):
            decode(data)


def test_wrong_bcc_is_told() -> None:
    with pytest.raises(ChecksumMismatch):
        decode_frame(FRAME[:-1] + bytes((FRAME[-1] ^ 1,)))


@given(
    st.lists(texts, max_size=3), st.integers(1, 20), st.sampled_from([b"", tm2655p.HEARD, tm2655p.NOT_DONE, b"\r\n"])
)
def test_stream_is_cut_wherever_it_breaks(sent: list[bytes], chunk: int, between: bytes) -> None:
    stream = b"".join(between + encode_frame(text) for text in sent)
    splitter = FrameSplitter()
    assert [part for at in range(0, len(stream), chunk) for part in splitter.feed(stream[at : at + chunk])] == sent
    assert splitter.dropped == 0


@given(st.binary(max_size=200))
def test_splitter_takes_any_bytes(data: bytes) -> None:
    splitter = FrameSplitter()
    try:
        splitter.feed(data)
    except DecodeError:
        return
    splitter.clear()


def test_line_is_that_of_the_meter() -> None:
    assert Tm2655PSession().line == LineSettings(baud=2400)


def test_session_asks_for_the_last_result_and_listens() -> None:
    session = Tm2655PSession()
    assert session.begin() == [
        Identified("A&D TM-2655P", ""),
        ClockRead(None),
        Send(bytes.fromhex("16160130300252420310")),
        Wait(math.inf),
    ]
    assert session.receive(tm2655p.HEARD + FRAME) == [RecordRead(Record(VALUES, AT)), Wait(math.inf)]


def test_frame_without_bcc_is_taken_when_nothing_more_comes() -> None:
    session = Tm2655PSession()
    session.begin()
    assert session.receive(FRAME[:-1]) == [Wait(2.0)]
    assert session.timed_out() == [RecordRead(Record(VALUES, AT)), Wait(math.inf)]


def test_frame_without_bcc_is_taken_when_the_next_begins() -> None:
    session = Tm2655PSession()
    session.begin()
    later = encode_frame(encode_result(AT.replace(hour=9), 130, 95, 79, 66))
    assert len(records_of(session.receive(FRAME[:-1] + later))) == 2


def test_half_a_frame_is_forgotten() -> None:
    session = Tm2655PSession()
    session.begin()
    assert session.receive(FRAME[:30]) == [Wait(2.0)]
    assert session.timed_out() == [Wait(math.inf)]
    assert len(records_of(session.receive(FRAME))) == 1


def test_same_result_said_again_is_one_and_another_of_the_minute_is_two() -> None:
    session = Tm2655PSession()
    session.begin()
    other = encode_frame(encode_result(AT, 131, 96, 80, 70))
    records = records_of(session.receive(FRAME + FRAME + other + FRAME + other))
    assert [(record.values[0][1], record.sequence) for record in records] == [(128.0, None), (131.0, 1)]


def test_known_result_is_left_out() -> None:
    session = Tm2655PSession({AT}.__contains__)
    session.begin()
    assert records_of(session.receive(FRAME)) == []


def test_meter_that_will_not_tell_is_listened_to() -> None:
    session = Tm2655PSession()
    session.begin()
    assert session.receive(tm2655p.NOT_DONE) == [Wait(math.inf)]


def test_damaged_result_is_no_value() -> None:
    session = Tm2655PSession()
    session.begin()
    with pytest.raises(ChecksumMismatch):
        session.receive(FRAME.replace(b"S128", b"S138"))


def test_another_meter_on_the_line_is_refused() -> None:
    session = Tm2655PSession()
    session.begin()
    with pytest.raises(UnexpectedReply, match="check model, cable and baud rate"):
        session.receive(b"80 4C 4C 49 60 " * 8)
