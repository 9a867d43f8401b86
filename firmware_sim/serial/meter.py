"""The side of a serial glucometer that no protocol shows: its memory, its clock, and the button a finger presses."""

from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from firmware_sim.device_clock import DeviceClock
from firmware_sim.nonvolatile import Nonvolatile
from protocols.reading import Meal


class StoredGlucose(msgspec.Struct):
    at: datetime
    """The meter's own clock, naive."""
    glucose_mg_dl: int
    handed_over: bool = False
    """A reader has acknowledged it at least once; the meter keeps it all the same."""
    meal: Meal | None = None
    """What the person marked, on meters that have such a mark."""
    control_solution: bool = False
    """Likewise."""


class MeterState(msgspec.Struct, kw_only=True):
    clock_offset_s: float
    records: list[StoredGlucose] = []
    """Oldest first."""


class GlucoseMemory:
    """Records and clock of a meter that keeps the newest `capacity` records."""

    def __init__(self, clock: DeviceClock, capacity: int, path: Path | None = None) -> None:
        self.clock = clock
        self.capacity = capacity
        self._kept = Nonvolatile(path, MeterState)
        state = self._kept.load()
        self.is_new = state is None
        """Out of the box: nothing was ever measured with it."""
        self.records: list[StoredGlucose] = [] if state is None else state.records
        if state is not None:
            clock.offset_s = state.clock_offset_s

    def measure(self, glucose_mg_dl: int) -> None:
        self.fill([StoredGlucose(self.clock.now(), glucose_mg_dl)])

    def fill(self, records: list[StoredGlucose]) -> None:
        """Adds `records`, oldest first; the oldest in the memory give way."""
        self.records = (self.records + records)[-self.capacity :]
        self.save()

    def newest(self, index: int) -> StoredGlucose | None:
        """The record `index` places before the newest."""
        return self.records[-1 - index] if index < len(self.records) else None

    def erase(self) -> None:
        self.records = []
        self.save()

    @property
    def handed_over(self) -> int:
        return sum(record.handed_over for record in self.records)

    def save(self) -> None:
        self._kept.save(MeterState(clock_offset_s=self.clock.offset_s, records=self.records))


class SerialMeter(Protocol):
    """A meter as its cable sees it: bytes in, bytes out."""

    memory: GlucoseMemory

    def receive(self, data: bytes) -> bytes:
        """What the meter answers to `data`, which may be part of a frame, several, or noise."""
        ...


@runtime_checkable
class SpeaksFirst(Protocol):
    """A `SerialMeter` that greets when it is switched on; the others never speak unasked."""

    def switched_on(self) -> bytes:
        """What it says now; nothing while somebody is reading it."""
        ...
