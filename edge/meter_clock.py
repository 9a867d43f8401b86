"""When was it measured, if the meter's clock is wrong?

A meter's clock is taken to have run evenly since the record was made, so a record is as old as the meter's own clock
says: measured_at = now - (meter's clock now - the record's time). That needs no zone, and stays right over a change
to or from daylight saving that the meter did not follow. Where the clock cannot be read, the record's time is taken
as the home's wall time, corrected by the last offset that was seen. Nothing is dropped: a doubt is a flag.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from protocols.reading import Flag

OLDEST_BELIEVABLE_YEAR = 2015
"""A clock before this year has never been set, or lost its battery."""
FUTURE_TOLERANCE = timedelta(minutes=2)
"""A meter that counts whole minutes may be this much ahead of itself."""
DRIFT_S_PER_DAY = 10.0


@dataclass(frozen=True)
class ClockSighting:
    """The meter's clock and the true time, seen at one moment."""

    at: datetime
    """UTC, by the gateway."""
    device_time: datetime
    """Naive, by the meter."""


@dataclass(frozen=True)
class MeterClock:
    """What is known of one meter's clock during one session."""

    zone: ZoneInfo
    now: ClockSighting | None
    """None where the meter gave no clock in this session."""
    before: ClockSighting | None = None
    """The last session's."""
    jump_tolerance_s: float = 120.0

    @property
    def offset_s(self) -> float | None:
        """Meter clock minus the home's wall clock, in seconds; None where it was not seen in this session."""
        return None if self.now is None else _offset_s(self.now, self.zone)

    @property
    def jumped(self) -> bool:
        """The clock was moved since the last session, beyond what drift explains."""
        if self.now is None or self.before is None:
            return False
        passed = self.now.at - self.before.at
        moved = (self.now.device_time - self.before.device_time) - passed
        allowed = self.jump_tolerance_s + DRIFT_S_PER_DAY * abs(passed) / timedelta(days=1)
        return abs(moved.total_seconds()) > allowed

    @property
    def reset(self) -> bool:
        return self.now is not None and self.now.device_time.year < OLDEST_BELIEVABLE_YEAR


@dataclass(frozen=True)
class MeasuredAt:
    at: datetime
    """UTC."""
    flags: tuple[Flag, ...]


def measured_at(device_time: datetime | None, clock: MeterClock, received_at: datetime) -> MeasuredAt:
    """The corrected instant of a record with the meter's `device_time`, handed over at `received_at` (UTC)."""
    if device_time is None:
        return MeasuredAt(received_at, (Flag.CLOCK_MISSING,))
    flags: list[Flag] = []
    if clock.reset or device_time.year < OLDEST_BELIEVABLE_YEAR:
        flags.append(Flag.CLOCK_RESET)
    if clock.jumped:
        flags.append(Flag.CLOCK_JUMPED)
    at = _corrected(device_time, clock)
    if at > received_at + FUTURE_TOLERANCE:
        flags.append(Flag.FROM_FUTURE)
    return MeasuredAt(at, tuple(flags))


def _corrected(device_time: datetime, clock: MeterClock) -> datetime:
    made_before_reset = clock.reset and device_time.year >= OLDEST_BELIEVABLE_YEAR
    sighting = clock.before if clock.now is None or made_before_reset else clock.now
    if sighting is None or (made_before_reset and sighting.device_time.year < OLDEST_BELIEVABLE_YEAR):
        return _clamped(device_time, clock.zone)
    try:
        return sighting.at - (sighting.device_time - device_time)
    except OverflowError:
        return _clamped(device_time, clock.zone)


def _clamped(device_time: datetime, zone: ZoneInfo) -> datetime:
    """`device_time` as wall time of the home; at the very ends of the calendar as UTC."""
    try:
        return device_time.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return device_time.replace(tzinfo=UTC)


def _offset_s(sighting: ClockSighting, zone: ZoneInfo) -> float:
    wall = sighting.at.astimezone(zone).replace(tzinfo=None)
    return (sighting.device_time - wall).total_seconds()
