"""A meter that says over Bluetooth what it says on a cable: one characteristic for both ways."""

from collections.abc import Sequence

from firmware_sim.peripherals.vendor_meter import Said
from firmware_sim.serial.meter import SerialCuff, SerialMeter


class WiredOverGatt:
    """See `GattMeter`. Answers go out in values of at most `longest_value` bytes."""

    def __init__(self, wired: SerialMeter | SerialCuff, service: str, characteristic: str, longest_value: int) -> None:
        self.memory = wired.memory
        self.service = service
        self.written: Sequence[str] = (characteristic,)
        self.notified: Sequence[str] = (characteristic,)
        self._wired = wired
        self._longest_value = longest_value

    def receive(self, characteristic: str, value: bytes) -> list[Said]:
        answer = self._wired.receive(value)
        pieces = range(0, len(answer), self._longest_value)
        return [Said(characteristic, answer[at : at + self._longest_value]) for at in pieces]

    def hung_up(self) -> None:
        pass
