"""The side of a serial meter that no protocol shows: its memory, its clock, and the button a finger presses."""

from datetime import datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar, runtime_checkable

import msgspec

from firmware_sim.device_clock import DeviceClock
from firmware_sim.nonvolatile import Nonvolatile
from protocols.reading import Flag, Meal


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


class StoredPressure(msgspec.Struct):
    at: datetime
    """The meter's own clock, naive."""
    systolic_mm_hg: int
    diastolic_mm_hg: int
    pulse_per_minute: int
    handed_over: bool = False
    """As with glucose."""
    user: int | None = None
    """Whose memory it stands in, from 1, on meters that have several."""
    flags: tuple[Flag, ...] = ()
    """What the meter noticed, on meters that can."""


Stored = TypeVar("Stored", StoredGlucose, StoredPressure)


class MeterState(msgspec.Struct, Generic[Stored], kw_only=True):
    clock_offset_s: float
    records: list[Stored] = []
    """Oldest first."""
    taken: int | None = None
    """Records ever taken; None in a state that was saved before they were counted."""


class MeterMemory(Generic[Stored]):
    """Records and clock of a meter that keeps the newest `capacity` records."""

    def __init__(self, clock: DeviceClock, capacity: int, kind: type[MeterState[Stored]], path: Path | None) -> None:
        self.clock = clock
        self.capacity = capacity
        self._kind: type[MeterState[Stored]] = kind
        self._kept: Nonvolatile[MeterState[Stored]] = Nonvolatile(path, kind)
        state = self._kept.load()
        self.is_new = state is None
        """Out of the box: nothing was ever measured with it."""
        self.records: list[Stored] = [] if state is None else state.records
        self.taken = len(self.records) if state is None or state.taken is None else state.taken
        """Records ever taken, also those that gave way or were erased: the newest's number, where it has one."""
        if state is not None:
            clock.offset_s = state.clock_offset_s

    def fill(self, records: list[Stored]) -> None:
        """Adds `records`, oldest first; the oldest in the memory give way."""
        self.records = (self.records + records)[-self.capacity :]
        self.taken += len(records)
        self.save()

    def newest(self, index: int) -> Stored | None:
        """The record `index` places before the newest."""
        return self.records[-1 - index] if index < len(self.records) else None

    def oldest_kept_back(self) -> Stored | None:
        """The oldest record that no reader was given yet."""
        return next((record for record in self.records if not record.handed_over), None)

    def erase(self) -> None:
        self.records = []
        self.save()

    @property
    def handed_over(self) -> int:
        return sum(record.handed_over for record in self.records)

    def save(self) -> None:
        self._kept.save(self._kind(clock_offset_s=self.clock.offset_s, records=self.records, taken=self.taken))


class GlucoseMemory(MeterMemory[StoredGlucose]):
    def __init__(self, clock: DeviceClock, capacity: int, path: Path | None = None) -> None:
        super().__init__(clock, capacity, MeterState[StoredGlucose], path)

    def measure(self, glucose_mg_dl: int) -> None:
        self.fill([StoredGlucose(self.clock.now(), glucose_mg_dl)])


class PressureMemory(MeterMemory[StoredPressure]):
    def __init__(self, clock: DeviceClock, capacity: int, path: Path | None = None) -> None:
        super().__init__(clock, capacity, MeterState[StoredPressure], path)

    def measure(self, systolic_mm_hg: int, diastolic_mm_hg: int, pulse_per_minute: int) -> None:
        self.fill([StoredPressure(self.clock.now(), systolic_mm_hg, diastolic_mm_hg, pulse_per_minute)])


class WiredMeter(Protocol):
    """A meter as its cable sees it: bytes in, bytes out."""

    def receive(self, data: bytes) -> bytes:
        """What the meter answers to `data`, which may be part of a frame, several, or noise."""
        ...


class SerialMeter(WiredMeter, Protocol):
    """A glucometer on a cable."""

    memory: GlucoseMemory


class SerialCuff(WiredMeter, Protocol):
    """A blood pressure meter on a cable."""

    memory: PressureMemory


@runtime_checkable
class SpeaksFirst(Protocol):
    """A meter that greets when it is switched on, or tells what it has measured; the others never speak unasked."""

    speaks_every_s: float
    """So often, once a program has set up the line to hear it: a finger on the switch, or one measurement told."""

    def switched_on(self) -> bytes:
        """What it says now; nothing while somebody is reading it."""
        ...
