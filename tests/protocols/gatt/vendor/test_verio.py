from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, ProtocolError, ReservedValue, Truncated, UnexpectedReply
from protocols.gatt.vendor.session import Remembered, Write
from protocols.gatt.vendor.verio import commands
from protocols.gatt.vendor.verio.commands import Command, CommandKind
from protocols.gatt.vendor.verio.session import VerioBleSession
from protocols.gatt.vendor.verio.wire import ACKNOWLEDGEMENT, NOTIFYING, WRITING, decode_packet, encode_packet
from protocols.reading import Flag, Metric
from protocols.serial.lifescan.frame import Link, decode_frame, encode_frame
from protocols.serial.session import ClockRead, ClockSet, Finished, NumberingRestarted, RecordRead
from tests.protocols.gatt.vendor.conftest import Transcript, converse

AT = datetime(2026, 11, 22, 7, 30)
NOW = datetime(2026, 11, 22, 8, 0)
times = st.datetimes(datetime(2000, 1, 1), datetime(2136, 2, 7)).map(lambda at: at.replace(microsecond=0))
DECODERS: list[Callable[[bytes], object]] = [
    commands.decode_clock_reply,
    commands.decode_last_number_reply,
    commands.decode_count_reply,
    lambda data: commands.decode_record_reply(data, 1),
    commands.decode_command,
    decode_packet,
]


class ScriptedMeter:
    """A meter whose newest record has the number `newest`, of which it still has `count`."""

    def __init__(self, newest: int, count: int) -> None:
        self.newest = newest
        self.count = count
        self.asked: list[Command] = []
        self.unacknowledged = False
        self.lost: set[int] = set()
        """Places in the order of answers that get lost."""
        self.gone: set[int] = set()
        """Records that the meter refuses."""
        self._answers = 0

    def answer(self, write: Write) -> Iterable[tuple[str, bytes]]:
        assert write.characteristic == WRITING
        frame = decode_packet(write.value)
        if frame is None:
            assert self.unacknowledged
            self.unacknowledged = False
            return
        assert not self.unacknowledged, "a command came before the acknowledgement"
        command = commands.decode_command(decode_frame(frame).payload)
        self.asked.append(command)
        yield NOTIFYING, ACKNOWLEDGEMENT
        self._answers += 1
        if self._answers not in self.lost:
            self.unacknowledged = True
            yield NOTIFYING, encode_packet(encode_frame(Link(0), self._reply(command)))

    def _reply(self, command: Command) -> bytes:
        match command.kind:
            case CommandKind.READ_CLOCK:
                return commands.encode_clock_reply(NOW)
            case CommandKind.READ_LAST_NUMBER:
                return commands.encode_last_number_reply(self.newest)
            case CommandKind.READ_COUNT:
                return commands.encode_count_reply(self.count)
            case CommandKind.SET_CLOCK:
                return commands.encode_done_reply()
            case CommandKind.READ_RECORD if command.number in self.gone:
                return commands.encode_refusal(commands.NOT_UNDERSTOOD)
        assert self.newest - self.count < command.number <= self.newest
        return commands.encode_record_reply(AT + timedelta(hours=command.number), 80 + command.number % 100)

    @property
    def numbers(self) -> list[int]:
        return [command.number for command in self.asked if command.kind is CommandKind.READ_RECORD]


@pytest.fixture
def meter() -> ScriptedMeter:
    return ScriptedMeter(newest=12, count=5)


@pytest.mark.parametrize(
    ("payload", "packet"),
    [
        # JetFoxy/JugglucoNG @ b54c50bb, Common/src/test/java/tk/glucodata/glucosemeter/VerioSessionTest.kt
        (commands.READ_CLOCK, "01 020900 03 2002 03 d492"),
        (commands.READ_LAST_NUMBER, "01 020a00 03 0a0206 03 0a3f"),
        (commands.encode_record_request(7), "01 020a00 03 b30700 03 fa7c"),
        (commands.encode_record_request(0x0100), "01 020a00 03 b30001 03 5bca"),
    ],
)
def test_commands_from_outside(payload: bytes, packet: str) -> None:
    assert encode_packet(encode_frame(Link(0), payload)) == bytes.fromhex(packet)


def test_record_of_a_real_meter() -> None:
    """What a OneTouch sent for its record 3184 (JugglucoNG @ b54c50bb, VerioSessionTest.kt): 68 mg/dL."""
    frame = decode_packet(bytes.fromhex("01 021300 03 06 bb814431 4400 00 00000000 03 f29a"))
    assert frame is not None
    record = commands.decode_record_reply(decode_frame(frame).payload, 3184)
    assert record.values == ((Metric.GLUCOSE, 68.0),)
    assert record.device_time == datetime(2000, 1, 1) + timedelta(seconds=0x314481BB)
    assert (record.sequence, record.control_solution, record.flags) == (3184, False, ())


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        (commands.READ_CLOCK, Command(CommandKind.READ_CLOCK)),
        (commands.READ_LAST_NUMBER, Command(CommandKind.READ_LAST_NUMBER)),
        (commands.READ_COUNT, Command(CommandKind.READ_COUNT)),
        (commands.encode_record_request(0x1234), Command(CommandKind.READ_RECORD, number=0x1234)),
        (commands.encode_clock_setting(AT), Command(CommandKind.SET_CLOCK, device_time=AT)),
    ],
)
def test_commands_are_told_apart(payload: bytes, command: Command) -> None:
    assert commands.decode_command(payload) == command


@given(times, st.integers(20, 600), st.integers(1, 0xFFFF), st.booleans())
def test_record_goes_there_and_back(at: datetime, mg_dl: int, number: int, control: bool) -> None:
    reply = commands.encode_record_reply(at, mg_dl, control_solution=control)
    record = commands.decode_record_reply(reply, number)
    assert record.values == ((Metric.GLUCOSE, float(mg_dl)),)
    assert (record.device_time, record.sequence, record.control_solution) == (at, number, control)
    for length in range(len(reply)):
        with pytest.raises(Truncated):
            commands.decode_record_reply(reply[:length], number)


@pytest.mark.parametrize(("mg_dl", "flag"), [(601, Flag.ABOVE_RANGE), (19, Flag.BELOW_RANGE)])
def test_hi_and_lo_are_flagged_bounds(mg_dl: int, flag: Flag) -> None:
    assert commands.decode_record_reply(commands.encode_record_reply(AT, mg_dl), 1).flags == (flag,)


def test_value_of_zero_is_no_reading() -> None:
    assert commands.decode_record_reply(commands.encode_record_reply(AT, 0), 1).values == ()


def test_control_mark_that_nobody_described_is_refused() -> None:
    reply = bytearray(commands.encode_record_reply(AT, 100))
    reply[8] = 2
    with pytest.raises(ReservedValue, match="control mark 02"):
        commands.decode_record_reply(bytes(reply), 1)


@given(st.sampled_from(DECODERS), st.sampled_from((b"", b"\x03\x06", b"\x03", b"\x01")), st.binary(max_size=30))
def test_any_bytes_decode_or_are_a_protocol_error(decode: Callable[[bytes], object], start: bytes, rest: bytes) -> None:
    try:
        decode(start + rest)
    except ProtocolError:
        return


def test_packet_of_several_is_refused() -> None:
    with pytest.raises(DecodeError, match="header 02"):
        decode_packet(b"\x02\x02\x0a")
    session = VerioBleSession()
    session.begin()
    with pytest.raises(UnexpectedReply, match="no OneTouch meter is known to"):
        session.receive(NOTIFYING, b"\x42\x00")


def test_first_time_everything_is_read(meter: ScriptedMeter) -> None:
    told = converse(VerioBleSession(), meter.answer)
    assert meter.numbers == [8, 9, 10, 11, 12]
    assert [record.sequence for record in told.records] == meter.numbers
    assert ClockRead(NOW) in told.events
    assert Finished(5) in told.events
    assert not meter.unacknowledged


def test_then_only_what_is_new(meter: ScriptedMeter) -> None:
    converse(VerioBleSession(Remembered(last_sequence=10)), meter.answer)
    assert meter.numbers == [11, 12]
    meter.asked.clear()
    converse(VerioBleSession(Remembered(last_sequence=12)), meter.answer)
    assert meter.numbers == []


def test_lower_numbers_than_remembered_hide_nothing(meter: ScriptedMeter) -> None:
    told = converse(VerioBleSession(Remembered(last_sequence=3000)), meter.answer)
    assert meter.numbers == [8, 9, 10, 11, 12]
    assert NumberingRestarted() in told.events


def test_record_stands_before_its_acknowledgement(meter: ScriptedMeter) -> None:
    told = converse(VerioBleSession(Remembered(last_sequence=11)), meter.answer)
    record = next(place for place, event in enumerate(told.events) if isinstance(event, RecordRead))
    assert Write(WRITING, ACKNOWLEDGEMENT) in told.events[record:]


def test_erased_record_is_passed_over(meter: ScriptedMeter) -> None:
    meter.gone = {9}
    assert [record.sequence for record in converse(VerioBleSession(), meter.answer).records] == [8, 10, 11, 12]


def test_empty_meter(meter: ScriptedMeter) -> None:
    meter.count = 0
    assert Finished(0) in converse(VerioBleSession(), meter.answer).events


@pytest.mark.parametrize("lost", range(1, 9))
def test_lost_answer_is_asked_for_again(meter: ScriptedMeter, lost: int) -> None:
    meter.lost = {lost}
    told = converse(VerioBleSession(), meter.answer)
    assert [record.sequence for record in told.records] == [8, 9, 10, 11, 12]
    assert [dict(record.values)[Metric.GLUCOSE] for record in told.records] == [88, 89, 90, 91, 92]
    assert told.silences == 1


def test_clock_is_set_when_all_is_read(meter: ScriptedMeter) -> None:
    told = converse(VerioBleSession(set_clock_to=lambda: AT), meter.answer)
    assert meter.asked[-1] == Command(CommandKind.SET_CLOCK, device_time=AT)
    assert told.events.index(ClockSet(AT)) > max(
        place for place, event in enumerate(told.events) if isinstance(event, RecordRead)
    )


def test_meter_that_is_not_paired_says_so() -> None:
    def refuse(write: Write) -> Iterable[tuple[str, bytes]]:
        if write.value != ACKNOWLEDGEMENT:
            yield NOTIFYING, encode_packet(encode_frame(Link(0), commands.encode_refusal(commands.NOT_ALLOWED)))

    with pytest.raises(UnexpectedReply, match="pair it again"):
        converse(VerioBleSession(), refuse)


def test_silent_meter_is_given_up() -> None:
    told = Transcript()
    with pytest.raises(UnexpectedReply, match="silent 4 times"):
        converse(VerioBleSession(), lambda _write: (), told)
