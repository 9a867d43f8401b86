"""One read-out of an Omron monitor's memory: unlock it, open it, read every slot of every user, close it.

A monitor that does not know our key takes it only while it is in pairing mode, with "-P-" blinking on its display;
otherwise it is left alone with a sentence. Nothing is written into its memory, so its own mark of what is unread stays
as it was. Its clock is not read: where it stands in the memory is known, but not whether it goes on there.
"""

from collections.abc import Iterator

from protocols.errors import DecodeError, UnexpectedReply
from protocols.gatt.vendor.omron import packet
from protocols.gatt.vendor.omron.models import OmronModel, Unlocking
from protocols.gatt.vendor.omron.packet import CLOSING, OPENING, Packet, PacketType, UnlockingReply, Word
from protocols.gatt.vendor.omron.records import decode_record
from protocols.gatt.vendor.omron.wire import OmronWire
from protocols.gatt.vendor.session import HasRecordAt, OverGatt, Remembered
from protocols.record import Record
from protocols.serial.conversation import RETRIES, Ask, Conversation, Talk, silent
from protocols.serial.session import Finished, RecordRead

REPLY_WITHIN_S = 3.0
_MAX_STRAY_PACKETS = 20
_NOTHING = Remembered()

Heard = Packet | UnlockingReply


class _OneByOne:
    """What the wire hands over is whole already. What cannot be read is dropped, and asked for again."""

    def feed(self, data: bytes) -> list[Heard]:
        try:
            return [packet.decode_heard(data)]
        except DecodeError:
            return []

    def clear(self) -> None:
        pass


class OmronSession(OverGatt):
    """See `protocols.gatt.vendor.session.GattSession`."""

    def __init__(self, model: OmronModel, key: bytes, token: bytes, remembered: Remembered = _NOTHING) -> None:
        """`key` (16 bytes) is this gateway's for this monitor; `token` (4 bytes) is any, new for each session."""
        unlocking = _unlock_by_key(key) if model.unlocking is Unlocking.KEY else _unlock_by_token(token)
        talk = _talk(model, unlocking, remembered.has_record_at)
        super().__init__(Conversation(talk, _OneByOne(), decode=packet.decode_heard), OmronWire(model.channels))


def _talk(model: OmronModel, unlocking: Talk[Heard, None], known: HasRecordAt | None) -> Talk[Heard, None]:
    yield from unlocking
    yield from _asked(packet.encode_packet(OPENING), PacketType.OPENED, OPENING.address)
    taken = 0
    for user, address in enumerate(model.user_addresses, start=1):
        memory = yield from _read(address, model.records_per_user * model.record_length, model.block_length)
        for record in _records(model, user, memory):
            if (
                known is None
                or record.device_time is None
                or record.sequence is not None
                or not known(record.device_time, record.user_slot)
            ):
                taken += 1
                yield RecordRead(record)
    yield from _asked(packet.encode_packet(CLOSING), PacketType.CLOSED, CLOSING.address)
    yield Finished(taken)


def _records(model: OmronModel, user: int, memory: bytes) -> Iterator[Record]:
    several = len(model.user_addresses) > 1
    for slot in range(model.records_per_user):
        data = memory[slot * model.record_length : (slot + 1) * model.record_length]
        number = (user - 1) * model.records_per_user + slot
        record = decode_record(data, model.layout, number, user if several else None)
        if record is not None:
            yield record


def _read(address: int, length: int, block_length: int) -> Talk[Heard, bytes]:
    memory = b""
    while len(memory) < length:
        at, size = address + len(memory), min(block_length, length - len(memory))
        reply = yield from _asked(packet.encode_reading(at, size), PacketType.DATA, at)
        if len(reply.data) != size:
            raise UnexpectedReply(
                f"the monitor does not tell its memory at {at:04x} (code {reply.refusal:02x}); check its model"
            )
        memory += reply.data
    return memory


def _asked(question: bytes, kind: PacketType, address: int) -> Talk[Heard, Packet]:
    """The reply of this kind and address. A reply to an earlier question is passed over."""
    for _ in range(1 + RETRIES):
        sent = question
        for _ in range(_MAX_STRAY_PACKETS):
            heard = yield Ask(sent, REPLY_WITHIN_S)
            sent = b""
            if heard is None:
                break
            if isinstance(heard, Packet) and (heard.type, heard.address) == (kind, address):
                return heard
            if isinstance(heard, Packet) and heard.type is PacketType.CLOSED:
                raise UnexpectedReply(f"the monitor ends the read-out (code {heard.refusal:02x}); check its model")
    raise silent("Omron monitor of this model")


def _told(word: Word, data: bytes) -> Talk[Heard, UnlockingReply]:
    for _ in range(1 + RETRIES):
        sent = data
        for _ in range(_MAX_STRAY_PACKETS):
            heard = yield Ask(sent, REPLY_WITHIN_S)
            sent = b""
            if heard is None:
                break
            if isinstance(heard, UnlockingReply) and heard.word is word:
                return heard
    raise silent("Omron monitor of this model")


def _unlock_by_key(key: bytes) -> Talk[Heard, None]:
    if (yield from _told(Word.UNLOCK, packet.encode_key_word(Word.UNLOCK, key))).succeeded:
        return
    ready = yield from _told(Word.BEGIN_PROGRAMMING, packet.encode_key_word(Word.BEGIN_PROGRAMMING))
    if not ready.succeeded:
        raise UnexpectedReply(
            "the monitor does not know this gateway; hold its Bluetooth button until -P- blinks, and wait beside it"
        )
    if not (yield from _told(Word.PROGRAM_KEY, packet.encode_key_word(Word.PROGRAM_KEY, key))).succeeded:
        raise UnexpectedReply("the monitor in pairing mode does not take the key; switch it off and try again")


def _unlock_by_token(token: bytes) -> Talk[Heard, None]:
    reply = yield from _told(Word.TOKEN, packet.encode_token_word(token))
    if not reply.succeeded or not reply.rest.startswith(token):
        raise UnexpectedReply("the monitor does not repeat the token; pair it again (-P- blinks)")
