import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, ImplausibleValue, ProtocolError, ReservedValue, Truncated, UnexpectedReply
from protocols.reading import Metric
from protocols.record import Record
from protocols.serial.a_and_d.ua767pc import (
    MESSAGE_LENGTH,
    MessageSplitter,
    decode_measurement,
    encode_failure,
    encode_measurement,
)
from protocols.serial.a_and_d.ua767pc_session import Ua767PcSession
from protocols.serial.session import ClockRead, Event, Identified, LineSettings, RecordRead, Send, Wait

OUTSIDE = b"804C4C4960"  # the example of a web page for the meter ("UA767", getFakeData): 76 + 76 / 76, pulse 73
VALUES = ((Metric.SYSTOLIC, 152.0), (Metric.DIASTOLIC, 76.0), (Metric.PULSE, 73.0))

messages = st.builds(encode_measurement, st.integers(140, 200), st.integers(40, 130), st.integers(40, 200))


def records_of(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, RecordRead)]


def test_message_from_outside() -> None:
    assert decode_measurement(OUTSIDE) == Record(VALUES, None)
    assert encode_measurement(152, 76, 73) == OUTSIDE


@pytest.mark.parametrize("code", [0x81, 0x82, 0x83])
def test_failed_measurement_is_no_number(code: int) -> None:
    record = decode_measurement(encode_failure(code))
    assert all(math.isnan(value) for _, value in record.values)


@pytest.mark.parametrize("code", ["7F", "84", "00"])
def test_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(ReservedValue, match="none of 80"):
        decode_measurement(code.encode() + OUTSIDE[2:])


@pytest.mark.parametrize("data", [b"8000004960", b"80FFFF4960", b"804C4C0060", b"80004CFF60"])
def test_what_no_body_has_is_refused(data: bytes) -> None:
    with pytest.raises(ImplausibleValue):
        decode_measurement(data)


@given(messages, st.integers(0, MESSAGE_LENGTH - 1))
def test_any_truncation_is_told(message: bytes, length: int) -> None:
    with pytest.raises(Truncated) as told:
        decode_measurement(message[:length])
    assert told.value.offset == length


@given(st.binary(max_size=12) | st.text("0123456789ABCDEF", max_size=12).map(str.encode))
def test_any_bytes_decode_or_are_a_protocol_error(data: bytes) -> None:
    try:
        decode_measurement(data)
    except ProtocolError:
        return


def test_bytes_behind_the_message_are_refused() -> None:
    with pytest.raises(DecodeError, match="1 bytes behind"):
        decode_measurement(OUTSIDE + b"0")


@given(st.lists(messages, max_size=4), st.integers(1, 11), st.sampled_from([b"", b"\r\n", b"\0", b" "]))
def test_stream_is_cut_wherever_it_breaks(sent: list[bytes], chunk: int, between: bytes) -> None:
    stream = between.join(sent)
    splitter = MessageSplitter()
    assert [part for at in range(0, len(stream), chunk) for part in splitter.feed(stream[at : at + chunk])] == sent
    assert splitter.dropped == 0


def test_line_is_that_of_the_meter() -> None:
    assert Ua767PcSession().line == LineSettings(baud=9600, stop_bits=2, xon_xoff=True)


def test_session_listens_without_an_end_and_says_nothing() -> None:
    session = Ua767PcSession()
    begun = session.begin()
    assert begun == [Identified("A&D UA-767PC", ""), ClockRead(None), Wait(math.inf)]
    assert session.receive(OUTSIDE) == [RecordRead(Record(VALUES, None)), Wait(math.inf)]
    assert session.receive(OUTSIDE) == [RecordRead(Record(VALUES, None)), Wait(math.inf)]
    assert not any(isinstance(event, Send) for event in begun)


def test_half_a_message_never_shifts_the_next() -> None:
    session = Ua767PcSession()
    session.begin()
    assert session.receive(OUTSIDE[:6]) == [Wait(2.0)]
    assert session.timed_out() == [Wait(math.inf)]
    assert records_of(session.receive(OUTSIDE)) == [Record(VALUES, None)]


@pytest.mark.parametrize("lost", range(1, MESSAGE_LENGTH))
def test_message_without_its_beginning_is_no_value(lost: int) -> None:
    session = Ua767PcSession()
    session.begin()
    assert records_of(session.receive(OUTSIDE[lost:]) + session.timed_out()) == []
    assert records_of(session.receive(OUTSIDE)) == [Record(VALUES, None)]


def test_another_meter_on_the_line_is_refused() -> None:
    session = Ua767PcSession()
    session.begin()
    with pytest.raises(
        UnexpectedReply,
        match="not what is said by A&D UA-767PC; check model, cable and baud rate",
    ):
        session.receive(b'P 001,"GMF600DCY","MG/DL " 0 0 0 0 \r\n' * 5)
