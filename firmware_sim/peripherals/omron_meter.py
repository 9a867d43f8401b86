"""The meter's side of an Omron monitor: its memory as bytes, told block by block to whoever unlocked it.

Packets and memory maps stand in protocols/gatt/vendor/omron. Commands that write are not understood.
"""

from collections.abc import Sequence

from firmware_sim.bonding import PairingMode
from firmware_sim.peripherals.vendor_meter import Said
from firmware_sim.serial.meter import PressureMemory
from protocols.gatt.vendor.omron import packet, wire
from protocols.gatt.vendor.omron.models import OmronModel
from protocols.gatt.vendor.omron.packet import KEY_LENGTH, Packet, PacketType, Word
from protocols.gatt.vendor.omron.records import HIGHEST_STORED_SYSTOLIC, SYSTOLIC_BIAS, StoredPressure, encode_record
from protocols.reading import Flag

_EMPTY = 0xFF
_REFUSED = 0x01
_HIGHEST_BYTE = 0xFF


class OmronMeter:
    """See `GattMeter`. Takes a new key while it is in pairing mode; a model with tokens takes any."""

    def __init__(self, memory: PressureMemory, model: OmronModel, pairing_mode: PairingMode) -> None:
        self.memory = memory
        self.service = model.service
        self.written: Sequence[str] = (*wire.WRITING[: model.channels], wire.UNLOCKING)
        self.notified: Sequence[str] = (*wire.NOTIFYING[: model.channels], wire.UNLOCKING)
        self._model = model
        self._pairing_mode = pairing_mode
        self._key: bytes | None = None
        self._joiner = wire.PacketJoiner(wire.WRITING[: model.channels])
        self._unlocked = False

    def receive(self, characteristic: str, value: bytes) -> list[Said]:
        if characteristic == wire.UNLOCKING:
            return [Said(wire.UNLOCKING, self._unlock(value))]
        whole = self._joiner.add(characteristic, value)
        if whole is None or not self._unlocked:
            return []
        reply = packet.encode_packet(self._told(packet.decode_packet(whole)))
        return [
            Said(piece.characteristic, piece.value)
            for piece in wire.split_packet(reply, wire.NOTIFYING[: self._model.channels])
        ]

    def hung_up(self) -> None:
        self._unlocked = False
        self._joiner.clear()

    def _unlock(self, value: bytes) -> bytes:
        word, rest = Word(value[0]) if value[:1] and value[0] in list(Word) else Word.UNLOCK, value[1:]
        match word:
            case Word.TOKEN:
                self._unlocked = True
                return packet.encode_unlocking_reply(word, 0, rest[: packet.TOKEN_LENGTH])
            case Word.UNLOCK:
                self._unlocked = len(rest) == KEY_LENGTH and rest == self._key
                return packet.encode_unlocking_reply(word, int(not self._unlocked))
            case Word.PROGRAM_KEY if self._pairing_mode.on and len(rest) == KEY_LENGTH:
                self._key, self._unlocked = rest, True
        return packet.encode_unlocking_reply(word, 0 if self._pairing_mode.on else _REFUSED)

    def _told(self, question: Packet) -> Packet:
        match question.type:
            case PacketType.OPEN:
                return Packet(PacketType.OPENED, size=question.size)
            case PacketType.READ:
                image = self._image()
                data = image[question.address : question.address + question.size]
                if len(data) != question.size:
                    return Packet(PacketType.DATA, question.address, question.size, refusal=_REFUSED)
                return Packet(PacketType.DATA, question.address, question.size, data)
            case PacketType.CLOSE:
                for record in self.memory.records:
                    record.handed_over = True
                return Packet(PacketType.CLOSED)
        return Packet(PacketType.CLOSED, refusal=_REFUSED)

    def _image(self) -> bytes:
        model = self._model
        end = model.user_addresses[-1] + model.records_per_user * model.record_length
        image = bytearray(bytes((_EMPTY,)) * end)
        for user, address in enumerate(model.user_addresses, start=1):
            own = [record for record in self.memory.records if (record.user or 1) == user]
            for slot, record in enumerate(own[-model.records_per_user :]):
                stored = StoredPressure(
                    record.at,
                    min(record.systolic_mm_hg, SYSTOLIC_BIAS + HIGHEST_STORED_SYSTOLIC),
                    min(record.diastolic_mm_hg, _HIGHEST_BYTE),
                    min(record.pulse_per_minute, _HIGHEST_BYTE),
                    moved=Flag.BODY_MOVED in record.flags,
                    irregular=Flag.IRREGULAR_PULSE in record.flags,
                )
                at = address + slot * model.record_length
                image[at : at + model.record_length] = encode_record(stored, model.layout, model.record_length)
        return bytes(image)
