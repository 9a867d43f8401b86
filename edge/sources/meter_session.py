"""What every meter's session needs, whatever wire it came by: who it is, its clock, its records on the disk."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from edge.clock import Clock
from edge.config import Device
from edge.figures import Figures
from edge.intake import Intake
from edge.meter_clock import ClockSighting, MeterClock
from edge.outbox import MeterMemory, Outbox
from edge.sources.record_readings import readings_from
from edge.sources.thinning import Thinner
from protocols.reading import CANONICAL_UNIT, Metric, Reading, record_key
from protocols.record import Record

_log = structlog.get_logger()

METRICS_OF_RECORDS = (Metric.GLUCOSE, Metric.SYSTOLIC, Metric.KETONE)
"""Every record of a meter holds one of these."""
JUMP_TOLERANCE_S = 120.0
RIGHT_ENOUGH_S = 30.0
"""A meter's clock that is off by no more is not set."""
READING_LATENCY_S = 2.0
"""Between the meter's answer and our own clock, at most; on a simulated time line it counts `speed` times."""


class MeterSession:
    """One conversation with `device`. Its methods are for the thread or task that speaks with the meter."""

    def __init__(
        self, device: Device, outbox: Outbox, figures: Figures, clock: Clock, zone: ZoneInfo, *, thinner: Thinner
    ) -> None:
        """`thinner` outlives the session: it knows what the meter's battery was the last time."""
        self.device = device
        self._thinner = thinner
        self._clock_set: ClockSighting | None = None
        self._outbox = outbox
        self._figures = figures
        self._clock = clock
        self._memory = outbox.memory(device.name)
        tolerance_s = JUMP_TOLERANCE_S + READING_LATENCY_S * clock.speed
        self._meter_clock = MeterClock(zone, None, self._memory.clock, jump_tolerance_s=tolerance_s)
        self._highest_sequence = self._memory.last_sequence
        self.records = 0
        self.control_solutions = 0
        self.new_readings = 0
        self._last_moment: datetime | None = None

    @property
    def last_sequence(self) -> int | None:
        """Of the last record that an earlier session made durable."""
        return self._memory.last_sequence

    @property
    def serial_number(self) -> str:
        """What the meter said, now or earlier; empty where it said none."""
        return self._memory.identity

    @property
    def clock_offset_s(self) -> float | None:
        """Meter clock minus the home's wall clock; None where the meter tells no clock."""
        return self._meter_clock.offset_s

    def identified(self, serial_number: str) -> None:
        """Another meter in the old one's place begins anew."""
        if self._memory.identity and serial_number != self._memory.identity:
            _log.warning("another_meter", device=self.device.name)
            self._memory = MeterMemory()
            self._meter_clock = replace(self._meter_clock, before=None)
            self._highest_sequence = None
        self._memory = replace(self._memory, identity=serial_number)

    def clock_read(self, device_time: datetime | None) -> None:
        """The meter's clock, read this moment. Call it before the records come."""
        if device_time is None:
            return
        now = ClockSighting(self._clock.now(), device_time)
        self._meter_clock = replace(self._meter_clock, now=now)
        if self._meter_clock.jumped or self._meter_clock.reset:
            _log.warning("meter_clock_doubtful", device=self.device.name, offset_s=self._meter_clock.offset_s)

    def wall_time(self) -> datetime:
        """What a right clock in this home shows now: naive, whole seconds."""
        return self._clock.now().astimezone(self._meter_clock.zone).replace(tzinfo=None, microsecond=0)

    def time_to_set(self) -> datetime | None:
        """What the meter's clock should be set to now; None where nobody asked for it, or it is right enough.

        Ask when all records are read: until then they are as old as the clock says.
        """
        offset_s = self._meter_clock.offset_s
        is_right = offset_s is not None and abs(offset_s) <= RIGHT_ENOUGH_S
        return self.wall_time() if self.device.set_clock and not is_right else None

    def clock_set(self, device_time: datetime) -> None:
        """The meter's clock was set to `device_time` this moment: the next session finds no jump."""
        self._clock_set = ClockSighting(self._clock.now(), device_time)
        _log.info("meter_clock_set", device=self.device.name, offset_s=self._meter_clock.offset_s)

    def battery(self, percent: float) -> list[Reading]:
        """What is to be stored of the battery's level, told this moment: changes, and one a day."""
        at = self._clock.now()
        self._figures.battery(self.device.name, percent)
        if not self._thinner.keep(Metric.DEVICE_BATTERY, percent, at):
            return []
        return [
            Reading(
                device=self.device.name,
                metric=Metric.DEVICE_BATTERY,
                value=percent,
                unit=CANONICAL_UNIT[Metric.DEVICE_BATTERY],
                measured_at=at,
                received_at=at,
            )
        ]

    def readings(self, records: Sequence[Record]) -> list[Reading]:
        """What is to be stored of `records`; the rest is counted."""
        received_at = self._clock.now()
        readings: list[Reading] = []
        for record in records:
            self.records += 1
            if record.device_time is None and record.sequence is None:
                received_at = self._own_moment(received_at)
            found = readings_from(record, self.device.name, self._meter_clock, received_at)
            self.control_solutions += found.control_solution
            self._figures.control.inc(int(found.control_solution))
            self._figures.unusable.inc(found.unusable)
            readings += found.readings
        return readings

    def _own_moment(self, at: datetime) -> datetime:
        """`at`, or the first millisecond after the last one given: the time of hearing is all that tells apart
        records with neither time nor number."""
        if self._last_moment is not None:
            at = max(at, self._last_moment + timedelta(milliseconds=1))
        self._last_moment = at
        return at

    def is_durable(self, records: Sequence[Record], new_readings: int) -> None:
        """`records` are on the disk. Their sequence numbers count from now on."""
        self.new_readings += new_readings
        for record in records:
            if record.sequence is not None:
                self._highest_sequence = max(record.sequence, self._highest_sequence or 0)

    def sequence_restarted(self) -> None:
        """The meter numbers its records from the beginning again."""
        self._highest_sequence = None

    def knows_record_at(self, device_time: datetime, user_slot: int | None = None) -> bool:
        """Whether a record of this time, by the meter's clock, and of this user was taken before."""
        return any(self._knows(metric, device_time, user_slot=user_slot) for metric in METRICS_OF_RECORDS)

    def knows(self, record: Record) -> bool:
        """Whether this very record was taken before. One without values never was."""
        return any(
            self._knows(metric, record.device_time, record.sequence, record.user_slot) for metric, _ in record.values
        )

    def _knows(
        self,
        metric: Metric,
        device_time: datetime | None,
        sequence: int | None = None,
        user_slot: int | None = None,
    ) -> bool:
        moment = self._clock.now()
        record = Reading(
            device=self.device.name,
            metric=metric,
            value=0.0,
            unit=CANONICAL_UNIT[metric],
            measured_at=moment,
            received_at=moment,
            device_time=device_time,
            sequence=sequence,
            user_slot=user_slot,
        )
        return self._outbox.has(self.device.name, metric, record_key(record))

    def finish(self) -> None:
        """All is durable and the meter let go: the next session goes on from here."""
        clock = self._clock_set or self._meter_clock.now or self._memory.clock
        self._outbox.remember(
            self.device.name, replace(self._memory, last_sequence=self._highest_sequence, clock=clock)
        )
        _log.log(
            logging.INFO if self.new_readings else logging.DEBUG,
            "meter_read",
            device=self.device.name,
            records=self.records,
            new_readings=self.new_readings,
            offset_s=self._meter_clock.offset_s,
        )


class MeterSessions:
    """Makes sessions; what they share stands here once."""

    def __init__(self, outbox: Outbox, figures: Figures, clock: Clock, zone: ZoneInfo, intake: Intake) -> None:
        self._outbox = outbox
        self._clock = clock
        self._zone = zone
        self._thinners: dict[str, Thinner] = {}
        self.figures = figures
        self.intake = intake

    def begin(self, device: Device) -> MeterSession:
        thinner = self._thinners.setdefault(device.name, Thinner())
        return MeterSession(device, self._outbox, self.figures, self._clock, self._zone, thinner=thinner)
