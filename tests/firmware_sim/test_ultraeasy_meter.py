"""The serial meter's side of the UltraEasy, spoken to by the gateway's session and by hand."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.meter import GlucoseMemory, StoredGlucose
from firmware_sim.serial.ultraeasy_meter import UltraEasyMeter
from protocols.reading import Metric
from protocols.record import Record
from protocols.serial.lifescan import ultraeasy
from protocols.serial.lifescan.frame import FrameSplitter, Link, decode_frame, encode_frame
from protocols.serial.lifescan.ultraeasy_session import UltraEasySession
from protocols.serial.session import ClockRead, Event, Finished, Identified, RecordRead, Send
from tests.firmware_sim.conftest import WALL

SERIAL_NUMBER = "C182DDCBE"
RESET = encode_frame(Link.DISCONNECT)


def create_meter(values: int = 0, offset_s: float = 0.0) -> UltraEasyMeter:
    memory = GlucoseMemory(DeviceClock(lambda: WALL, offset_s), capacity=500)
    memory.fill([StoredGlucose(WALL - timedelta(hours=values - number), 100 + number) for number in range(values)])
    return UltraEasyMeter(memory, SERIAL_NUMBER)


def read_out(meter: UltraEasyMeter, session: UltraEasySession) -> list[Event]:
    """The whole conversation over a perfect wire."""
    done: list[Event] = []
    pending = session.begin()
    while pending:
        event = pending.pop(0)
        done.append(event)
        if isinstance(event, Send):
            pending.extend(session.receive(meter.receive(event.data)))
    return done


def records_of(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, RecordRead)]


def test_the_gateways_session_reads_everything() -> None:
    meter = create_meter(values=60, offset_s=210)
    events = read_out(meter, UltraEasySession())
    assert Identified(ultraeasy.MODEL, SERIAL_NUMBER, "P02.00.0030/08/06") in events
    assert ClockRead(WALL + timedelta(seconds=210)) in events
    assert events[-1] == Finished(60)
    assert [dict(record.values)[Metric.GLUCOSE] for record in records_of(events)] == [100 + n for n in range(60)]
    assert meter.memory.handed_over == 60


def test_only_what_is_new_is_fetched_the_second_time() -> None:
    meter = create_meter(values=60)
    known = {record.device_time for record in records_of(read_out(meter, UltraEasySession()))}
    meter.memory.measure(212)
    events = read_out(meter, UltraEasySession(known=lambda at: at in known))
    assert [dict(record.values)[Metric.GLUCOSE] for record in records_of(events)] == [212]


def test_an_empty_meter_has_nothing_to_say() -> None:
    assert read_out(create_meter(), UltraEasySession())[-1] == Finished(0)


def test_the_answer_is_repeated_until_it_is_acknowledged() -> None:
    meter = create_meter(values=2)
    assert decode_frame(meter.receive(RESET)).link == Link.DISCONNECT | Link.ACKNOWLEDGE
    command = encode_frame(Link(0), ultraeasy.encode_record_request(0))
    first = meter.receive(command)
    assert meter.receive(command) == first
    acknowledged, reply = FrameSplitter().feed(first)
    assert acknowledged.link == Link.ACKNOWLEDGE | Link.EXPECTED
    assert reply.link == Link.EXPECTED
    assert meter.memory.handed_over == 0
    assert meter.receive(encode_frame(Link.SENT | Link.EXPECTED | Link.ACKNOWLEDGE)) == b""
    assert meter.memory.handed_over == 1


def test_a_frame_with_a_wrong_checksum_is_not_heard() -> None:
    meter = create_meter(values=1)
    meter.receive(RESET)
    command = bytearray(encode_frame(Link(0), ultraeasy.READ_SERIAL))
    command[-1] ^= 0xFF
    assert meter.receive(bytes(command)) == b""
    assert meter.receive(encode_frame(Link(0), ultraeasy.READ_SERIAL)) != b""


def test_noise_and_split_frames_do_no_harm() -> None:
    meter = create_meter(values=1)
    stream = b"\xff\x00" + RESET
    assert b"".join(meter.receive(bytes((byte,))) for byte in stream) == encode_frame(
        Link.DISCONNECT | Link.ACKNOWLEDGE
    )


def reply_to(meter: UltraEasyMeter, payload: bytes) -> bytes:
    """The payload of the meter's reply to the first command after a reset."""
    meter.receive(RESET)
    return FrameSplitter().feed(meter.receive(encode_frame(Link(0), payload)))[1].payload


def test_its_clock_is_set() -> None:
    meter = create_meter(offset_s=300)
    assert reply_to(meter, ultraeasy.encode_clock_setting(WALL)) == ultraeasy.encode_clock_reply(WALL)
    assert meter.memory.clock.offset_s == 0


def test_erasing_is_carried_out_and_counted() -> None:
    meter = create_meter(values=3)
    assert reply_to(meter, ultraeasy.ERASE) == ultraeasy.encode_done_reply()
    assert (len(meter.memory.records), meter.erased) == (0, 1)


@pytest.mark.parametrize("payload", [b"", b"\x03\x27\x00", b"\x05\x1f\x00"])
def test_an_unknown_command_is_refused(payload: bytes) -> None:
    assert reply_to(create_meter(), payload) == ultraeasy.encode_refusal()


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_whatever_comes_it_can_still_be_reset(noise: list[bytes]) -> None:
    meter = create_meter(values=1)
    for chunk in noise:
        meter.receive(chunk)
    for _ in range(3):  # noise may have begun a frame, which swallows what follows
        answer = meter.receive(RESET * 40)
    assert answer.endswith(encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE))


def test_the_oldest_records_give_way() -> None:
    memory = GlucoseMemory(DeviceClock(lambda: WALL), capacity=3)
    memory.fill([StoredGlucose(datetime(2026, 1, day), 100 + day) for day in range(1, 6)])
    assert [record.glucose_mg_dl for record in memory.records] == [103, 104, 105]
