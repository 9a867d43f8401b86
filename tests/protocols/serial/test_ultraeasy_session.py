"""The session against a meter that keeps the link's rules, on a line that does not always."""

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import UnexpectedReply
from protocols.reading import Metric
from protocols.record import Record
from protocols.serial.lifescan import ultraeasy
from protocols.serial.lifescan.frame import FrameSplitter, Link, encode_frame
from protocols.serial.lifescan.ultraeasy_session import RETRIES, UltraEasySession
from protocols.serial.session import (
    ClockRead,
    Event,
    Finished,
    Identified,
    LineSettings,
    RecordRead,
    Send,
    Session,
    Wait,
)
from tests.protocols.serial.conftest import NEWEST, ScriptedMeter, create_records


def converse(session: Session, meter: ScriptedMeter, *, chunk: int = 1 << 16, rounds: int = 10_000) -> list[Event]:
    """All events until the session finishes. The line carries `chunk` bytes at a time."""
    events: list[Event] = []
    due = session.begin()
    for _ in range(rounds):
        events += due
        if any(isinstance(event, Finished) for event in due):
            return events
        answer = b"".join(meter.hear(event.data) for event in due if isinstance(event, Send))
        due = []
        for at in range(0, len(answer), chunk):
            due += session.receive(answer[at : at + chunk])
        if not answer:
            due = session.timed_out()
    raise AssertionError("the session does not end")


def records_of(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, RecordRead)]


def times_of(events: list[Event]) -> list[datetime | None]:
    return [record.device_time for record in records_of(events)]


def test_line_is_that_of_the_meter() -> None:
    assert UltraEasySession().line == LineSettings(baud=9600, parity="none", stop_bits=1)


def test_first_word_is_disconnect() -> None:
    first, wait = UltraEasySession().begin()
    assert first == Send(bytes.fromhex("02060803c262"))  # glucometerutils drivers/tests/test_otultraeasy.py
    assert isinstance(wait, Wait)


def test_whole_readout(meter: ScriptedMeter) -> None:
    events = converse(UltraEasySession(), meter)
    told = [event for event in events if not isinstance(event, Send | Wait)]
    assert told[0] == Identified("OneTouch UltraEasy", "C176NA00Q", "P02.00.0025/05/07")
    assert told[1] == ClockRead(meter.clock)
    assert told[-1] == Finished(5)
    assert times_of(events) == [at for at, _ in reversed(meter.records)]
    assert [record.values for record in records_of(events)] == [
        ((Metric.GLUCOSE, float(mg_dl)),) for _, mg_dl in reversed(meter.records)
    ]


def test_meter_is_let_go_at_the_end(meter: ScriptedMeter) -> None:
    events = converse(UltraEasySession(), meter)
    sent = [event.data for event in events if isinstance(event, Send)]
    assert sent[-1] == encode_frame(Link.DISCONNECT)
    assert not meter.connected


def test_counters_alternate_and_every_reply_is_acknowledged(meter: ScriptedMeter) -> None:
    events = converse(UltraEasySession(), meter)
    sent = [event.data for event in events if isinstance(event, Send)]
    frames = FrameSplitter().feed(b"".join(sent))[1:-1]  # between the two disconnects
    # SENT counts commands taken, EXPECTED counts replies taken: 00 ask, 07 acknowledge, 03 ask, 04 acknowledge, ...
    assert [int(frame.link) for frame in frames] == ([0x00, 0x07, 0x03, 0x04] * len(frames))[: len(frames)]
    assert meter.acknowledged == len(meter.asked) == 5 + len(meter.records)


def test_record_is_told_before_its_frame_is_acknowledged(meter: ScriptedMeter) -> None:
    session, due, seen = UltraEasySession(), [], 0
    due = session.begin()
    while not any(isinstance(event, Finished) for event in due):
        for place, event in enumerate(due):
            if isinstance(event, RecordRead):
                seen += 1
                after = due[place + 1]
                assert isinstance(after, Send)
                assert FrameSplitter().feed(after.data)[0].link & Link.ACKNOWLEDGE
                assert meter.acknowledged == len(meter.asked) - 1  # the meter still waits for it
        answer = b"".join(meter.hear(event.data) for event in due if isinstance(event, Send))
        due = session.receive(answer)
    assert seen == len(meter.records)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_bytes_may_come_in_any_pieces(meter: ScriptedMeter, chunk: int) -> None:
    assert len(records_of(converse(UltraEasySession(), meter, chunk=chunk))) == 5


def test_empty_meter_is_finished_without_records() -> None:
    events = converse(UltraEasySession(), ScriptedMeter())
    assert events[-1] == Finished(0)


def test_full_memory_is_read() -> None:
    assert len(records_of(converse(UltraEasySession(), ScriptedMeter(records=create_records(500))))) == 500


@pytest.mark.parametrize("fragment", [1, 3, 5])
def test_replies_in_parts_are_put_together(fragment: int) -> None:
    meter = ScriptedMeter(records=create_records(2), fragment=fragment)
    events = converse(UltraEasySession(), meter)
    assert times_of(events) == [at for at, _ in reversed(meter.records)]


def test_reply_without_end_is_refused() -> None:
    session = UltraEasySession()
    session.begin()
    session.receive(encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE))
    session.receive(encode_frame(Link.ACKNOWLEDGE | Link.EXPECTED))
    parts = [Link.MORE | Link.EXPECTED | (Link.SENT if turn % 2 else Link(0)) for turn in range(20)]
    with pytest.raises(UnexpectedReply, match="goes on beyond"):
        session.receive(b"".join(encode_frame(link, bytes(200)) for link in parts))


@given(st.integers(0, 40), st.integers(0, 40))
def test_only_what_is_newer_than_the_known_is_read(count: int, unread: int) -> None:
    records = create_records(count)
    known = {at for at, _ in records[unread:]}
    events = converse(UltraEasySession(known.__contains__), ScriptedMeter(records=records))
    assert times_of(events) == [at for at, _ in reversed(records[:unread])]


def test_nothing_new_is_found_out_with_one_look() -> None:
    meter = ScriptedMeter(records=create_records(500))
    events = converse(UltraEasySession({at for at, _ in meter.records}.__contains__), meter)
    assert events[-1] == Finished(0)
    assert meter.asked[-1] == ultraeasy.encode_record_request(0)
    assert len(meter.asked) == 6


@given(st.integers(1, 30), st.data())
def test_broken_off_session_leaves_no_gap(count: int, data: st.DataObject) -> None:
    """Whatever was taken before the break, the next session brings the rest."""
    records = create_records(count)
    taken: list[datetime | None] = []
    meter = ScriptedMeter(records=records)
    session = UltraEasySession(taken.__contains__)
    due = session.begin()
    for _ in range(data.draw(st.integers(0, 2 * count))):
        if any(isinstance(event, Finished) for event in due):
            break
        taken += times_of(due)
        due = session.receive(b"".join(meter.hear(event.data) for event in due if isinstance(event, Send)))
    taken += times_of(due)
    taken += times_of(converse(UltraEasySession(taken.__contains__), meter))
    assert taken == [at for at, _ in reversed(records)]


FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "lost": lambda frame: frame[:0],
    "cut": lambda frame: frame[:4],
    "damaged": lambda frame: frame[:-1] + bytes((frame[-1] ^ 0xFF,)),
    "doubled": lambda frame: frame + frame,
    "behind noise": lambda frame: b"\x00\x02\x40\xff" + frame,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", range(28))
def test_one_bad_frame_costs_nothing(fault: str, number: int) -> None:
    """28 frames are all that the meter sends: resets, acknowledgements, replies."""
    meter = ScriptedMeter(records=create_records(8))
    meter.fault = lambda place, frame: FAULTS[fault](frame) if place == number else frame
    events = converse(UltraEasySession(), meter)
    assert times_of(events) == [at for at, _ in reversed(meter.records)]


@given(st.sets(st.integers(0, 60), max_size=12), st.sampled_from(sorted(FAULTS)))
def test_a_bad_line_gives_all_records_once_or_gives_up(bad: set[int], fault: str) -> None:
    meter = ScriptedMeter(records=create_records(6))
    meter.fault = lambda place, frame: FAULTS[fault](frame) if place in bad else frame
    try:
        events = converse(UltraEasySession(), meter)
    except UnexpectedReply:
        return
    assert times_of(events) == [at for at, _ in reversed(meter.records)]


def test_meter_that_repeats_its_reply_is_acknowledged_again(meter: ScriptedMeter) -> None:
    session = UltraEasySession()
    session.begin()
    session.receive(encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE))
    session.receive(encode_frame(Link.ACKNOWLEDGE | Link.EXPECTED))
    reply = encode_frame(Link.EXPECTED, ultraeasy.encode_serial_reply("C176NA00Q"))
    session.receive(reply)
    again = session.receive(reply)  # our acknowledgement was lost on its way
    assert again == [Send(encode_frame(Link.ACKNOWLEDGE | Link.EXPECTED | Link.SENT))]


def test_meter_that_only_repeats_itself_is_given_up(meter: ScriptedMeter) -> None:
    session = UltraEasySession()
    session.begin()
    session.receive(encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE))
    with pytest.raises(UnexpectedReply, match="repeats itself"):
        session.receive(encode_frame(Link.SENT, b"\x05\x06") * 100)


def test_silent_meter_is_asked_four_times() -> None:
    session = UltraEasySession()
    assert len(session.begin()) == 2
    for _ in range(RETRIES):
        assert session.timed_out() == [Send(encode_frame(Link.DISCONNECT)), Wait(2.0)]
    with pytest.raises(UnexpectedReply, match="silent 4 times; check that it is on"):
        session.timed_out()


def test_silence_in_the_middle_resets_the_link_and_asks_again() -> None:
    session = UltraEasySession()
    session.begin()
    asked = session.receive(encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE))
    assert session.timed_out() == [Send(encode_frame(Link.DISCONNECT)), Wait(2.0)]
    assert session.receive(encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE)) == asked


def test_meter_that_is_gone_before_the_farewell_loses_nothing(meter: ScriptedMeter) -> None:
    meter.fault = lambda number, frame: b"" if number >= 21 else frame  # all but the answer to the last disconnect
    events = converse(UltraEasySession(), meter)
    assert events[-1] == Finished(5)


def test_meter_that_breaks_off_is_named() -> None:
    session = UltraEasySession()
    session.begin()
    session.receive(encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE))
    with pytest.raises(UnexpectedReply, match="broke off"):
        session.receive(encode_frame(Link.DISCONNECT))


def test_other_meter_is_refused_before_any_value() -> None:
    meter = ScriptedMeter(records=create_records(3), version="OneTouch Verio IQ")
    with pytest.raises(UnexpectedReply, match="not that of a OneTouch UltraEasy"):
        converse(UltraEasySession(), meter)
    assert meter.asked[-1] == ultraeasy.READ_VERSION  # no record was asked for


def test_record_times_are_the_meters_own(meter: ScriptedMeter) -> None:
    newest = records_of(converse(UltraEasySession(), meter))[-1]
    assert newest.device_time == NEWEST
    assert newest.device_time.tzinfo is None


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_survived(pieces: list[bytes]) -> None:
    session = UltraEasySession()
    session.begin()
    for piece in pieces:
        assert not any(isinstance(event, RecordRead) for event in session.receive(piece))
