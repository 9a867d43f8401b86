from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, ReservedValue, Truncated, UnexpectedReply
from protocols.gatt.vendor.omron import packet, wire
from protocols.gatt.vendor.omron.models import MODELS, OmronModel, Unlocking
from protocols.gatt.vendor.omron.packet import Packet, PacketType, Word
from protocols.gatt.vendor.omron.records import Layout, StoredPressure, decode_record, encode_record
from protocols.gatt.vendor.omron.session import OmronSession
from protocols.gatt.vendor.session import Remembered, Write
from protocols.reading import Flag, Metric
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import Finished
from tests.protocols.gatt.vendor.conftest import converse
from tests.vectors import load_vectors

VECTORS = load_vectors("omron_record_vectors.json")
REAL = [vector for vector in VECTORS if vector["expect"] != "empty"]
EMPTY = [vector for vector in VECTORS if vector["expect"] == "empty"]
LAYOUTS = {"classic14 LE": Layout.LITTLE, "bit-packed 14 BE": Layout.BIG}
KEY = bytes(range(16))
TOKEN = b"\x12\x34\x56\x78"
AT = datetime(2026, 11, 22, 7, 30, 15)
times = st.datetimes(datetime(2000, 1, 1), datetime(2063, 12, 31)).map(lambda at: at.replace(microsecond=0))
stored_pressures = st.builds(
    StoredPressure,
    at=times,
    systolic=st.integers(101, 250),
    diastolic=st.integers(1, 100),
    pulse=st.integers(1, 255),
    moved=st.booleans(),
    irregular=st.booleans(),
)
packets = st.builds(
    lambda kind, address, data: Packet(kind, address, len(data), data),
    st.sampled_from(PacketType),
    st.integers(0, 0xFFFF),
    st.binary(max_size=56),
)


class ScriptedMonitor:
    """An Omron monitor with its memory; it is written to by nobody, and says so."""

    def __init__(self, model: OmronModel, key: bytes = KEY) -> None:
        self.model = model
        self.key = key
        self.pairing_mode = False
        self.memory = bytearray(b"\xff" * 0x2000)
        self.asked: list[Packet] = []
        self.lost: set[int] = set()
        """Places in the order of answers that get lost."""
        self.refused_address = -1
        self._answers = 0
        self._joiner = wire.PacketJoiner(wire.WRITING[: model.channels])

    def put(self, user: int, slot: int, stored: StoredPressure) -> None:
        record = encode_record(stored, self.model.layout, self.model.record_length)
        at = self.model.user_addresses[user - 1] + slot * self.model.record_length
        self.memory[at : at + len(record)] = record

    def answer(self, write: Write) -> Iterable[tuple[str, bytes]]:
        if write.characteristic == wire.UNLOCKING:
            answers = [(wire.UNLOCKING, self._unlocked(write.value))]
        else:
            whole = self._joiner.add(write.characteristic, write.value)
            if whole is None:
                return
            reply = packet.encode_packet(self._told(packet.decode_packet(whole)))
            pieces = wire.split_packet(reply, wire.NOTIFYING[: self.model.channels])
            answers = [(piece.characteristic, piece.value) for piece in pieces]
        self._answers += 1
        if self._answers not in self.lost:
            yield from answers

    def _unlocked(self, value: bytes) -> bytes:
        word = Word(value[0])
        if word is Word.TOKEN:
            return packet.encode_unlocking_reply(word, 0, value[1:5])
        if word is Word.UNLOCK:
            return packet.encode_unlocking_reply(word, int(value[1:] != self.key))
        if word is Word.PROGRAM_KEY and self.pairing_mode:
            self.key = value[1:]
        return packet.encode_unlocking_reply(word, int(not self.pairing_mode))

    def _told(self, question: Packet) -> Packet:
        self.asked.append(question)
        if question.type is PacketType.OPEN:
            return Packet(PacketType.OPENED, size=0x10)
        if question.type is PacketType.CLOSE:
            return Packet(PacketType.CLOSED)
        assert question.type is PacketType.READ
        if question.address == self.refused_address:
            return Packet(PacketType.DATA, question.address, question.size, refusal=4)
        data = bytes(self.memory[question.address : question.address + question.size])
        return Packet(PacketType.DATA, question.address, question.size, data)


@pytest.fixture
def monitor() -> ScriptedMonitor:
    """Of the model with two users; user 1 measured twice, user 2 once."""
    monitor = ScriptedMonitor(MODELS["omron-hem-7361t"])
    monitor.put(1, 0, StoredPressure(AT, 128, 79, 64, irregular=True))
    monitor.put(1, 1, StoredPressure(AT + timedelta(days=1), 131, 82, 66))
    monitor.put(2, 99, StoredPressure(AT + timedelta(hours=1), 151, 92, 71, moved=True))
    return monitor


def read(monitor: ScriptedMonitor, remembered: Remembered | None = None) -> OmronSession:
    return OmronSession(monitor.model, KEY, TOKEN, Remembered() if remembered is None else remembered)


@pytest.mark.parametrize("vector", REAL, ids=lambda vector: f"{vector['device']} slot {vector['slot']}")
def test_records_of_real_monitors(vector: dict[str, Any]) -> None:
    expected = vector["expect"]
    record = decode_record(bytes.fromhex(vector["hex"]), LAYOUTS[vector["layout"]], vector["slot"])
    assert record is not None
    assert record.values == (
        (Metric.SYSTOLIC, float(expected["sys"])),
        (Metric.DIASTOLIC, float(expected["dia"])),
        (Metric.PULSE, float(expected["pulse"])),
    )
    assert record.flags == ()
    if "time" in expected:
        assert record.device_time == datetime.fromisoformat(expected["time"])


@pytest.mark.parametrize("vector", EMPTY, ids=lambda vector: vector["name"])
@pytest.mark.parametrize("layout", Layout)
def test_empty_slots(vector: dict[str, Any], layout: Layout) -> None:
    data = bytes.fromhex(vector["hex"])
    if layout is Layout.BIG and vector["name"].startswith("sys byte"):
        data = data[1::-1] + data[2:]  # there the systolic stands second
    assert decode_record(data, layout, 0) is None


def test_every_vector_is_used() -> None:
    assert (len(REAL), len(EMPTY)) == (3, 3)


@given(stored_pressures, st.sampled_from(Layout), st.sampled_from((14, 16)))
def test_record_goes_there_and_back(stored: StoredPressure, layout: Layout, length: int) -> None:
    data = encode_record(stored, layout, length)
    assert len(data) == length
    record = decode_record(data, layout, 0, 2)
    assert record is not None
    assert record.device_time == stored.at
    assert dict(record.values)[Metric.SYSTOLIC] == stored.systolic
    assert (Flag.BODY_MOVED in record.flags, Flag.IRREGULAR_PULSE in record.flags) == (stored.moved, stored.irregular)
    assert (record.user_slot, record.sequence) == (2, None)
    with pytest.raises(Truncated):
        decode_record(data[:7], layout, 0)


def test_seconds_up_to_63_mean_59() -> None:
    record = decode_record(bytes.fromhex("6558541a331aff1800004c00ba00"), Layout.LITTLE, 0)
    assert record is not None
    assert record.device_time == datetime(2026, 6, 17, 19, 35, 59)


def test_record_without_a_time_goes_by_its_slot() -> None:
    record = decode_record(bytes.fromhex("6558541a0000de1800004c00ba00"), Layout.LITTLE, 17)
    assert record is not None
    assert (record.device_time, record.sequence, record.flags) == (NEVER_SET, 17, (Flag.DEVICE_TIME_FAULT,))


@pytest.mark.parametrize(
    ("made", "outside"),
    [
        # userx14/omblepy @ 0dddc074, omblepy.py
        (packet.encode_packet(packet.OPENING), "0800000000100018"),
        (packet.encode_packet(packet.CLOSING), "080f000000000007"),
        (packet.encode_key_word(Word.BEGIN_PROGRAMMING), "02" + "00" * 16),
        # glued by its _readBlockEeprom for address 0x0098, 16 bytes
        (packet.encode_reading(0x0098, 0x10), "080100009810 00 81"),
    ],
)
def test_words_from_outside(made: bytes, outside: str) -> None:
    assert made == bytes.fromhex(outside)


@given(packets, st.data())
def test_packet_goes_there_and_back(sent: Packet, data: st.DataObject) -> None:
    encoded = packet.encode_packet(sent)
    assert packet.decode_packet(encoded) == sent
    assert packet.is_packet(encoded)
    with pytest.raises(Truncated):
        packet.decode_packet(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(packets, st.sampled_from((1, 4)))
def test_packet_comes_whole_over_its_channels(sent: Packet, channels: int) -> None:
    encoded = packet.encode_packet(sent)
    joiner = wire.PacketJoiner(wire.NOTIFYING[:channels])
    joined = [joiner.add(w.characteristic, w.value) for w in wire.split_packet(encoded, wire.NOTIFYING[:channels])]
    assert joined[-1] == encoded
    assert joined[:-1] == [None] * (len(joined) - 1)


def test_damaged_packets_are_refused() -> None:
    with pytest.raises(ChecksumMismatch):
        packet.decode_packet(bytes.fromhex("0800000000100019"))
    with pytest.raises(ReservedValue, match="type 01c0"):  # the one that writes
        packet.decode_packet(bytes.fromhex("0801c00098000051"))
    with pytest.raises(DecodeError, match="length is not 3"):
        packet.decode_packet(b"\x03\x00\x00")


@given(st.binary(max_size=70), st.sampled_from(Layout))
def test_any_bytes_decode_or_are_a_protocol_error(data: bytes, layout: Layout) -> None:
    decoders: list[Callable[[], object]] = [
        lambda: packet.decode_packet(data),
        lambda: packet.decode_unlocking_reply(data),
        lambda: packet.decode_heard(data),
        lambda: decode_record(data, layout, 0),
        lambda: wire.PacketJoiner(wire.NOTIFYING).add(wire.NOTIFYING[0], data),
    ]
    for decode in decoders:
        try:
            decode()
        except ProtocolError:
            continue


@pytest.mark.parametrize("name", MODELS)
def test_every_slot_of_every_model_is_read(name: str) -> None:
    model = MODELS[name]
    monitor = ScriptedMonitor(model)
    for user in range(1, len(model.user_addresses) + 1):
        for slot in range(model.records_per_user):
            monitor.put(user, slot, StoredPressure(AT + timedelta(hours=slot, minutes=user), 130, 80, 60))
    told = converse(read(monitor), monitor.answer)
    assert len(told.records) == len(model.user_addresses) * model.records_per_user
    assert len({record.device_time for record in told.records}) == len(told.records)
    assert {question.type for question in monitor.asked} == {PacketType.OPEN, PacketType.READ, PacketType.CLOSE}


def test_users_are_told_apart(monitor: ScriptedMonitor) -> None:
    told = converse(read(monitor), monitor.answer)
    assert [(r.user_slot, dict(r.values)[Metric.SYSTOLIC], r.flags) for r in told.records] == [
        (1, 128, (Flag.IRREGULAR_PULSE,)),
        (1, 131, ()),
        (2, 151, (Flag.BODY_MOVED,)),
    ]
    assert Finished(3) in told.events
    assert monitor.asked[-1].type is PacketType.CLOSE


def test_known_records_are_left_out(monitor: ScriptedMonitor) -> None:
    told = converse(
        read(monitor, Remembered(has_record_at=lambda at, user=None: (at, user) == (AT, 1))), monitor.answer
    )
    assert len(told.records) == 2


@pytest.mark.parametrize("lost", [1, 2, 3, 50, 203])
def test_lost_answer_is_asked_for_again(monitor: ScriptedMonitor, lost: int) -> None:
    monitor.lost = {lost}
    told = converse(read(monitor), monitor.answer)
    assert len(told.records) == 3
    assert told.silences == 1


def test_stranger_is_told_how_to_pair_and_nothing_is_read(monitor: ScriptedMonitor) -> None:
    monitor.key = bytes(16)
    with pytest.raises(UnexpectedReply, match="until -P- blinks"):
        converse(read(monitor), monitor.answer)
    assert monitor.asked == []


def test_pairing_mode_takes_the_key(monitor: ScriptedMonitor) -> None:
    monitor.key, monitor.pairing_mode = bytes(16), True
    assert len(converse(read(monitor), monitor.answer).records) == 3
    assert monitor.key == KEY


def test_token_has_to_be_repeated() -> None:
    model = MODELS["omron-hem-7142t2"]
    assert model.unlocking is Unlocking.TOKEN

    def other_token(_write: Write) -> Iterable[tuple[str, bytes]]:
        yield wire.UNLOCKING, packet.encode_unlocking_reply(Word.TOKEN, 0, b"\0\0\0\0")

    with pytest.raises(UnexpectedReply, match="does not repeat the token"):
        converse(OmronSession(model, KEY, TOKEN), other_token)


def test_memory_that_is_not_told_ends_the_session(monitor: ScriptedMonitor) -> None:
    monitor.refused_address = 0x0098 + 0x20
    with pytest.raises(UnexpectedReply, match=r"memory at 00b8 \(code 04\); check its model"):
        converse(read(monitor), monitor.answer)
