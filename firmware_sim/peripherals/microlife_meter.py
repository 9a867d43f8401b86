"""The meter's side of a Microlife monitor: frames and replies stand in protocols/gatt/vendor/microlife."""

from collections.abc import Sequence

from firmware_sim.peripherals.vendor_meter import Said
from firmware_sim.serial.meter import PressureMemory
from protocols.errors import DecodeError
from protocols.gatt.vendor.microlife import commands
from protocols.gatt.vendor.microlife.commands import Command, CommandKind, StoredPressure
from protocols.gatt.vendor.microlife.frame import (
    LONGEST_WRITE,
    NOTIFYING,
    SERVICE,
    WRITING,
    FrameSplitter,
    Sender,
    encode_frame,
)

_HIGHEST_BYTE = 0xFF


class MicrolifeMeter:
    """See `GattMeter`. Hands over the memory of the user whom its switch selects."""

    service = SERVICE
    written: Sequence[str] = (WRITING,)
    notified: Sequence[str] = (NOTIFYING,)

    def __init__(self, memory: PressureMemory, user: int = 1) -> None:
        """`user` is 1 or 2. A record of no user stands in the memory of user 1."""
        self.memory = memory
        self.user = user
        self._splitter = FrameSplitter(Sender.HOST)

    def receive(self, _characteristic: str, value: bytes) -> list[Said]:
        said: list[Said] = []
        for payload in self._splitter.feed(value):
            try:
                reply = self._reply(commands.decode_command(payload))
            except DecodeError:
                continue
            frame = encode_frame(Sender.METER, reply) if reply else b""
            said += [Said(NOTIFYING, frame[at : at + LONGEST_WRITE]) for at in range(0, len(frame), LONGEST_WRITE)]
        return said

    def hung_up(self) -> None:
        self._splitter.clear()

    def _reply(self, command: Command) -> bytes:
        match command.kind:
            case CommandKind.READ_USER:
                return commands.encode_user_reply(self.user)
            case CommandKind.READ_RECORDS:
                return self._records()
            case CommandKind.SET_CLOCK if command.device_time is not None:
                self.memory.clock.set(command.device_time)
                self.memory.save()
                return commands.DONE
        return b""

    def _records(self) -> bytes:
        stored = []
        for record in self.memory.records:
            if (record.user or 1) != self.user:
                continue
            record.handed_over = True
            numbers = (record.systolic_mm_hg, record.diastolic_mm_hg, record.pulse_per_minute)
            stored.append(StoredPressure(record.at, *(min(number, _HIGHEST_BYTE) for number in numbers)))
        return commands.encode_records_reply(stored)
