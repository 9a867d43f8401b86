from collections.abc import Iterable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, ReservedValue, Truncated, UnexpectedReply
from protocols.gatt.vendor.microlife import commands
from protocols.gatt.vendor.microlife.commands import Command, CommandKind, StoredPressure
from protocols.gatt.vendor.microlife.frame import (
    LONGEST_WRITE,
    NOTIFYING,
    WRITING,
    FrameSplitter,
    Sender,
    decode_frame,
    encode_frame,
)
from protocols.gatt.vendor.microlife.session import MicrolifeSession
from protocols.gatt.vendor.session import Write
from protocols.reading import Flag, Metric
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import Finished, RecordRead
from tests.protocols.gatt.vendor.conftest import Transcript, converse

AT = datetime(2026, 11, 22, 7, 30)
NOW = datetime(2026, 11, 22, 7, 45, 30)
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))
pressures = st.builds(
    StoredPressure, at=times, systolic=st.integers(81, 255), diastolic=st.integers(1, 80), pulse=st.integers(1, 255)
)


class ScriptedMonitor:
    """Answers with what it was given; written from the frames' description and not from the session."""

    def __init__(self, records: list[StoredPressure], user: int = 1, piece: int = 20) -> None:
        self.records = records
        self.user = user
        self.piece = piece
        self.asked: list[Command] = []
        self.lost = 0
        """So many answers get lost on the way."""
        self._heard = FrameSplitter(Sender.HOST)

    def answer(self, write: Write) -> Iterable[tuple[str, bytes]]:
        assert write.characteristic == WRITING
        assert len(write.value) <= LONGEST_WRITE
        for payload in self._heard.feed(write.value):
            command = commands.decode_command(payload)
            self.asked.append(command)
            if self.lost:
                self.lost -= 1
                continue
            if command.kind is not CommandKind.DISCONNECT:
                frame = encode_frame(Sender.METER, self._reply(command.kind))
                for at in range(0, len(frame), self.piece):
                    yield NOTIFYING, frame[at : at + self.piece]

    def _reply(self, kind: CommandKind) -> bytes:
        match kind:
            case CommandKind.READ_USER:
                return commands.encode_user_reply(self.user)
            case CommandKind.READ_RECORDS:
                return commands.encode_records_reply(self.records)
            case _:
                return commands.DONE


@pytest.fixture
def monitor() -> ScriptedMonitor:
    return ScriptedMonitor([StoredPressure(AT.replace(hour=hour), 120 + hour, 80, 60) for hour in range(8)], user=2)


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        # derdilla/blood-pressure-monitor-fl @ 3dc66ec1, app/test/.../microlife_protocol_test.dart
        ("4dff0009 00000000000000fd 52", Command(CommandKind.READ_RECORDS)),
        ("4dff0008 0d18060f0e1e2d e7", Command(CommandKind.SET_CLOCK, datetime(2024, 6, 15, 14, 30, 45))),
        # joergmlpts/blood-pressure-monitor @ b5248a09, bpm_bt.py
        ("4dff0002 04 52", Command(CommandKind.DISCONNECT)),
        ("4dff0002 05 53", Command(CommandKind.READ_USER)),
    ],
)
def test_commands_from_outside(frame: str, command: Command) -> None:
    payload = decode_frame(bytes.fromhex(frame), Sender.HOST)
    assert commands.decode_command(payload) == command
    assert encode_frame(Sender.HOST, payload) == bytes.fromhex(frame)


def test_reply_from_outside_is_opened() -> None:
    """derdilla/blood-pressure-monitor-fl @ 3dc66ec1, microlife_protocol_test.dart."""
    commands.decode_done_reply(decode_frame(bytes((77, 58, 0, 2, 129, 10)), Sender.METER))
    with pytest.raises(ChecksumMismatch):
        decode_frame(bytes((77, 58, 0, 2, 129, 11)), Sender.METER)
    with pytest.raises(DecodeError, match="marked ff"):
        decode_frame(bytes((77, 255, 0, 2, 129, 207)), Sender.METER)


def test_records_from_outside() -> None:
    """derdilla/blood-pressure-monitor-fl @ 3dc66ec1, microlife_measurement_data_test.dart; an empty slot is between."""
    slots = [[120, 80, 60, 24, 6, 15, 14, 30, 0, 0], [0] * 10, [130, 85, 70, 25, 1, 2, 3, 4, 0, 0]]
    records = commands.decode_records_reply(bytes(38) + b"".join(map(bytes, slots)), 1)
    assert [record.device_time for record in records] == [datetime(2024, 6, 15, 14, 30), datetime(2025, 1, 2, 3, 4)]
    assert records[1].values == ((Metric.SYSTOLIC, 130.0), (Metric.DIASTOLIC, 85.0), (Metric.PULSE, 70.0))


def test_time_outside_the_calendar_is_flagged_and_the_value_kept() -> None:
    (record,) = commands.decode_records_reply(bytes(38) + bytes((110, 70, 65, 24, 0, 15, 14, 30, 0, 0)), 1)
    assert record.flags == (Flag.DEVICE_TIME_FAULT,)
    assert record.device_time == NEVER_SET
    assert dict(record.values)[Metric.SYSTOLIC] == 110


@given(st.lists(pressures, max_size=99), st.sampled_from(commands.USERS))
def test_records_go_there_and_back(stored: list[StoredPressure], user: int) -> None:
    records = commands.decode_records_reply(commands.encode_records_reply(stored), user)
    assert [record.device_time for record in records] == [one.at for one in stored]
    assert [dict(record.values)[Metric.SYSTOLIC] for record in records] == [one.systolic for one in stored]
    assert {record.user_slot for record in records} <= {user}


@given(st.binary(min_size=1, max_size=300), st.sampled_from(Sender), st.data())
def test_any_cut_of_a_frame_is_truncated(payload: bytes, sender: Sender, data: st.DataObject) -> None:
    frame = encode_frame(sender, payload)
    assert decode_frame(frame, sender) == payload
    with pytest.raises(Truncated):
        decode_frame(frame[: data.draw(st.integers(0, len(frame) - 1))], sender)


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=4), st.binary(max_size=30), st.integers(1, 20))
def test_splitter_finds_its_frames_behind_noise(payloads: list[bytes], noise: bytes, piece: int) -> None:
    noise = noise.replace(b"M", b"")
    stream = noise + b"".join(encode_frame(Sender.METER, payload) for payload in payloads)
    splitter = FrameSplitter()
    found = [payload for at in range(0, len(stream), piece) for payload in splitter.feed(stream[at : at + piece])]
    assert found == payloads
    assert splitter.dropped == len(noise)


@given(st.binary(max_size=80))
def test_any_bytes_decode_or_are_a_protocol_error(data: bytes) -> None:
    for decode in (
        lambda: decode_frame(data, Sender.METER),
        lambda: commands.decode_command(data),
        lambda: commands.decode_user_reply(data),
        lambda: commands.decode_records_reply(data, None),
    ):
        try:
            decode()
        except ProtocolError:
            continue


def test_unknown_command_is_refused() -> None:
    with pytest.raises(ReservedValue):
        commands.decode_command(b"\x77")
    with pytest.raises(ReservedValue, match="clock setting"):
        commands.decode_command(bytes((0x0D, 26, 13, 1, 0, 0, 0)))


@pytest.mark.parametrize("piece", [1, 19, 20, 200])
def test_whole_memory_is_read(monitor: ScriptedMonitor, piece: int) -> None:
    monitor.piece = piece
    told = converse(MicrolifeSession(), monitor.answer)
    assert [dict(record.values)[Metric.SYSTOLIC] for record in told.records] == [120.0 + hour for hour in range(8)]
    assert {record.user_slot for record in told.records} == {2}
    kinds = [command.kind for command in monitor.asked]
    assert kinds == [CommandKind.READ_USER, CommandKind.READ_RECORDS, CommandKind.DISCONNECT]
    assert Finished(8) in told.events


def test_records_stand_before_the_writes_that_follow_them(monitor: ScriptedMonitor) -> None:
    told = converse(MicrolifeSession(lambda: NOW), monitor.answer)
    assert monitor.asked[2] == Command(CommandKind.SET_CLOCK, NOW)
    last_record = max(place for place, event in enumerate(told.events) if isinstance(event, RecordRead))
    setting = told.events.index(told.writes[-2])
    assert last_record < setting


def test_two_of_one_minute_stay_two() -> None:
    told = converse(MicrolifeSession(), ScriptedMonitor([StoredPressure(AT, 130, 80, 60)] * 2).answer)
    assert [record.sequence for record in told.records] == [None, 1]


def test_what_gets_lost_is_asked_again(monitor: ScriptedMonitor) -> None:
    monitor.lost = 2
    told = converse(MicrolifeSession(), monitor.answer)
    assert len(told.records) == 8
    assert told.silences == 2 + 1  # the good-bye is not answered either


def test_silent_monitor_is_given_up() -> None:
    told = Transcript()
    with pytest.raises(UnexpectedReply, match="silent 4 times"):
        converse(MicrolifeSession(), lambda _write: (), told)
    assert len(told.writes) == 4


def test_another_device_on_the_same_service_is_refused() -> None:
    """fff0 is used by thousands of gadgets: bytes without end that are no frame end the session."""
    session = MicrolifeSession()
    session.begin()
    for _ in range(10):
        session.receive(NOTIFYING, b"\x01" * 800)
    with pytest.raises(UnexpectedReply, match="never as this meter does"):
        session.receive(NOTIFYING, b"\x01" * 800)
