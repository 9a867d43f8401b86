"""The meter's side of a OneTouch meter with Bluetooth: commands and replies stand in protocols/gatt/vendor/verio.

It takes no command while its last answer is not acknowledged, as the real one.
"""

from collections.abc import Sequence

from firmware_sim.peripherals.vendor_meter import Said
from firmware_sim.serial.meter import GlucoseMemory
from protocols.errors import DecodeError
from protocols.gatt.vendor.verio import commands
from protocols.gatt.vendor.verio.commands import Command, CommandKind
from protocols.gatt.vendor.verio.wire import (
    ACKNOWLEDGEMENT,
    NOTIFYING,
    SERVICE,
    WRITING,
    decode_packet,
    encode_packet,
)
from protocols.serial.lifescan.frame import Link, decode_frame, encode_frame

_HIGHEST_WORD = 0xFFFF


class VerioMeter:
    """See `GattMeter`. The number of the newest record is the count of all that were ever taken."""

    service = SERVICE
    written: Sequence[str] = (WRITING,)
    notified: Sequence[str] = (NOTIFYING,)

    def __init__(self, memory: GlucoseMemory) -> None:
        self.memory = memory
        self._unacknowledged = False

    def receive(self, _characteristic: str, value: bytes) -> list[Said]:
        frame = decode_packet(value)
        if frame is None:
            self._unacknowledged = False
            return []
        if self._unacknowledged:
            return []
        payload = decode_frame(frame).payload
        try:
            reply = self._reply(commands.decode_command(payload))
        except DecodeError:
            reply = commands.encode_refusal(commands.NOT_UNDERSTOOD)
        self._unacknowledged = True
        return [Said(NOTIFYING, ACKNOWLEDGEMENT), Said(NOTIFYING, encode_packet(encode_frame(Link(0), reply)))]

    def hung_up(self) -> None:
        self._unacknowledged = False

    def _reply(self, command: Command) -> bytes:
        match command.kind:
            case CommandKind.READ_CLOCK:
                return commands.encode_clock_reply(self.memory.clock.now())
            case CommandKind.READ_LAST_NUMBER:
                return commands.encode_last_number_reply(self.memory.taken)
            case CommandKind.READ_COUNT:
                return commands.encode_count_reply(len(self.memory.records))
            case CommandKind.READ_RECORD:
                return self._record(command.number)
            case CommandKind.SET_CLOCK:
                assert command.device_time is not None  # noqa: S101 - decode_command gives it
                self.memory.clock.set(command.device_time)
                self.memory.save()
                return commands.encode_done_reply()

    def _record(self, number: int) -> bytes:
        record = self.memory.newest(self.memory.taken - number) if 0 < number <= self.memory.taken else None
        if record is None:
            return commands.encode_refusal(commands.NOT_UNDERSTOOD)
        record.handed_over = True
        return commands.encode_record_reply(
            record.at, min(record.glucose_mg_dl, _HIGHEST_WORD), control_solution=record.control_solution
        )
