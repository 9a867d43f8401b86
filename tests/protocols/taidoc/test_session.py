"""What only TaiDoc meters do; what every serial meter has to do stands in tests/firmware_sim/test_serial_meters.py."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import UnexpectedReply
from protocols.reading import Flag, Metric
from protocols.record import Record
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import ClockRead, Event, Finished, Identified, LineSettings, RecordRead, Send, Session
from protocols.taidoc import commands
from protocols.taidoc.commands import Command
from protocols.taidoc.frame import NO_DATA, Frame, FrameSplitter, Sender, encode_frame
from protocols.taidoc.records import encode_glucose_value
from protocols.taidoc.session import TaiDocGlucoseSession, TaiDocPressureSession

NEWEST = datetime(2026, 11, 22, 7, 30)


@dataclass
class ScriptedMeter:
    """Answers from a table; `replies` overrules it."""

    times: list[datetime] = field(default_factory=list)
    """Newest first; the record of index i is 100 + i mg/dL from the oldest on."""
    replies: dict[int, bytes] = field(default_factory=dict)
    asked: list[Frame] = field(default_factory=list)

    def hear(self, data: bytes) -> bytes:
        return b"".join(self._answer(frame) for frame in FrameSplitter().feed(data))

    def _answer(self, frame: Frame) -> bytes:
        self.asked.append(frame)
        index = commands.decode_index(frame.data)
        table = {
            Command.CONNECT: NO_DATA,
            Command.READ_MODEL: commands.encode_model("4277"),
            Command.READ_SERIAL_LOW: bytes.fromhex("78563412"),
            Command.READ_SERIAL_HIGH: bytes.fromhex("00007742"),
            Command.READ_CLOCK: commands.encode_time(NEWEST),
            Command.READ_COUNT: commands.encode_count(len(self.times)),
        } | self.replies
        if frame.command not in table and index < len(self.times):
            table[Command.READ_RECORD_TIME] = commands.encode_time(self.times[index])
            table[Command.READ_RECORD_VALUE] = encode_glucose_value(100 + len(self.times) - 1 - index)
        return encode_frame(Frame(Sender.METER, frame.command, table[frame.command]))


def read_out(session: Session, meter: ScriptedMeter) -> list[Event]:
    events: list[Event] = []
    due = session.begin()
    while not any(isinstance(event, Finished) for event in due):
        events += due
        due = session.receive(b"".join(meter.hear(event.data) for event in due if isinstance(event, Send)))
    return events + due


def records_of(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, RecordRead)]


def test_line_is_that_of_the_meter() -> None:
    assert TaiDocGlucoseSession().line == TaiDocPressureSession().line == LineSettings(baud=19200)


def test_first_word_is_connect() -> None:
    assert TaiDocGlucoseSession().begin()[0] == Send(bytes.fromhex("512200000000a316"))


def test_who_it_is() -> None:
    events = read_out(TaiDocGlucoseSession(), ScriptedMeter())
    assert Identified("TaiDoc TD-4277", "4277000012345678") in events


@pytest.mark.parametrize("model", ["3128", "2555", "8255"])
def test_meter_of_another_family_is_refused(model: str) -> None:
    meter = ScriptedMeter([NEWEST], {Command.READ_MODEL: commands.encode_model(model)})
    with pytest.raises(UnexpectedReply, match=f"TD-{model}, not a glucose meter"):
        read_out(TaiDocGlucoseSession(), meter)


def test_glucose_meter_is_no_pressure_meter() -> None:
    with pytest.raises(UnexpectedReply, match="TD-4277, not a blood pressure meter"):
        read_out(TaiDocPressureSession(), ScriptedMeter([NEWEST]))


@pytest.mark.parametrize("reply", [Command.CONNECT, Command.READ_MODEL, Command.ENTERED_COMMUNICATION])
def test_connect_has_three_answers(reply: Command) -> None:
    session = TaiDocGlucoseSession()
    session.begin()
    sent = [event for event in session.receive(encode_frame(Frame(Sender.METER, reply))) if isinstance(event, Send)]
    assert sent == [Send(encode_frame(Frame(Sender.HOST, Command.READ_MODEL)))]


def test_own_words_carried_back_by_the_cable_are_passed_over() -> None:
    session, meter = TaiDocGlucoseSession(), ScriptedMeter([NEWEST])
    due, told = session.begin(), []
    while not any(isinstance(event, Finished) for event in due):
        sent = b"".join(event.data for event in due if isinstance(event, Send))
        due = session.receive(sent + meter.hear(sent))
        told += due
    assert len(records_of(told)) == 1


def test_clock_that_was_never_set_is_none() -> None:
    assert ClockRead(None) in read_out(TaiDocGlucoseSession(), ScriptedMeter([], {Command.READ_CLOCK: bytes(4)}))


def test_record_without_a_time_is_kept_and_flagged() -> None:
    meter = ScriptedMeter([NEWEST, NEWEST], {Command.READ_RECORD_TIME: bytes(4)})
    first, second = records_of(read_out(TaiDocGlucoseSession(), meter))
    assert (first.device_time, first.flags) == (NEVER_SET, (Flag.DEVICE_TIME_FAULT,))
    assert (first.sequence, second.sequence) == (None, 1)


@given(st.lists(st.integers(0, 6), max_size=12), st.data())
def test_no_record_is_lost_when_minutes_are_shared(gaps_min: list[int], data: st.DataObject) -> None:
    """What an earlier session had is known by its minute; all that came later is told, and keeps its number."""
    times, at = [], NEWEST
    for gap in gaps_min:
        at += timedelta(minutes=gap)
        times.append(at)
    earlier = data.draw(st.integers(0, len(times)))
    before = records_of(read_out(TaiDocGlucoseSession(), ScriptedMeter(times[:earlier][::-1])))
    taken = {(record.device_time, record.sequence): record.values for record in before}
    known = {record.device_time for record in before}
    meter = ScriptedMeter(times[::-1])
    for record in records_of(read_out(TaiDocGlucoseSession(known.__contains__), meter)):
        key = (record.device_time, record.sequence)
        assert taken.setdefault(key, record.values) == record.values
    assert sorted(values[0][1] for values in taken.values()) == [100.0 + place for place in range(len(times))]


def test_nothing_new_costs_few_questions() -> None:
    times = [NEWEST - timedelta(hours=place) for place in range(500)]
    meter = ScriptedMeter(times)
    events = read_out(TaiDocGlucoseSession(set(times).__contains__), meter)
    assert events[-1] == Finished(0)
    assert len(meter.asked) < 12


def test_late_reply_is_not_taken_for_that_to_the_next_question() -> None:
    session, meter = TaiDocGlucoseSession(), ScriptedMeter([NEWEST, NEWEST - timedelta(hours=1)])
    due, told, late = session.begin(), [], b""
    for _ in range(100):
        told += due
        if any(isinstance(event, Finished) for event in due):
            break
        sent = b"".join(event.data for event in due if isinstance(event, Send))
        answer = meter.hear(sent)
        if not late and meter.asked[-1].command == Command.READ_RECORD_VALUE:
            late, due = answer, session.timed_out()
            continue
        due = session.receive((late if len(late) == 8 else b"") + answer)
        late = late * 2 if len(late) == 8 else late
    values = [(record.device_time, dict(record.values)[Metric.GLUCOSE]) for record in records_of(told)]
    assert values == [(NEWEST - timedelta(hours=1), 100.0), (NEWEST, 101.0)]


def test_another_command_than_asked_is_refused() -> None:
    session = TaiDocGlucoseSession()
    session.begin()
    session.receive(encode_frame(Frame(Sender.METER, Command.CONNECT)))
    with pytest.raises(UnexpectedReply, match=r"asked with 24 \(READ_MODEL\), the meter answers 2b"):
        session.receive(encode_frame(Frame(Sender.METER, Command.READ_COUNT)))


def test_silent_meter_is_given_up() -> None:
    session = TaiDocGlucoseSession()
    session.begin()
    for _ in range(3):
        session.timed_out()
    with pytest.raises(UnexpectedReply, match=r"silent 4 times; check that it is on, .* a TaiDoc glucose meter"):
        session.timed_out()


def test_meter_that_repeats_itself_is_given_up() -> None:
    session = TaiDocGlucoseSession()
    session.begin()
    session.receive(encode_frame(Frame(Sender.METER, Command.CONNECT)))
    with pytest.raises(UnexpectedReply, match="repeats itself"):
        session.receive(encode_frame(Frame(Sender.METER, Command.ENTERED_COMMUNICATION)) * 30)
