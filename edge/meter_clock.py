"""When was it measured, if the meter's clock is wrong?

A meter's clock is taken to have run evenly since the record was made, so a record is as old as the meter's own clock
says: measured_at = now - (meter's clock now - the record's time). That needs no zone, and stays right over a change
to or from daylight saving that the meter did not follow. A meter that was moved with the home's clock did not jump:
what it recorded before the change is as old as the clock that it had then. Where the clock cannot be read, the
record's time is taken as the home's wall time, corrected by the last offset that was seen. Nothing is dropped: a doubt
is a flag.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from edge.zone_change import ZoneChange, change_between, is_twice_or_never
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
        return self._moved_against_utc and self.followed is None

    @property
    def followed(self) -> ZoneChange | None:
        """The change of the home's clock since the last session with which the meter was moved; mostly None."""
        if self.now is None or self.before is None or not self._moved_against_utc:
            return None
        offset_moved_s = _offset_s(self.now, self.zone) - _offset_s(self.before, self.zone)
        if abs(offset_moved_s) > self._allowed_s:
            return None
        return change_between(self.zone, self.before.at, self.now.at)

    @property
    def _moved_against_utc(self) -> bool:
        if self.now is None or self.before is None:
            return False
        moved = (self.now.device_time - self.before.device_time) - (self.now.at - self.before.at)
        return abs(moved.total_seconds()) > self._allowed_s

    @property
    def _allowed_s(self) -> float:
        """What drift explains since the last session."""
        if self.now is None or self.before is None:
            return self.jump_tolerance_s
        return self.jump_tolerance_s + DRIFT_S_PER_DAY * abs(self.now.at - self.before.at) / timedelta(days=1)

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
    change = clock.followed
    before_change = change is not None and _is_before(change, device_time, clock)
    if clock.jumped or (change is not None and not before_change):
        flags.append(Flag.CLOCK_JUMPED)  # moved with the home's clock, but nobody knows at which hour of the day
    at = _by_the_old_clock(device_time, clock) if before_change else _corrected(device_time, clock)
    if _sighting(device_time, clock) is None and is_twice_or_never(device_time, clock.zone):
        flags.append(Flag.TIME_AMBIGUOUS)
    if at > received_at + FUTURE_TOLERANCE:
        flags.append(Flag.FROM_FUTURE)
    return MeasuredAt(at, tuple(flags))


def _is_before(change: ZoneChange, device_time: datetime, clock: MeterClock) -> bool:
    """Whether the record was certainly made before the meter was moved."""
    try:
        return device_time - timedelta(seconds=clock.offset_s or 0.0) < min(change.before, change.after)
    except OverflowError:
        return False


def _by_the_old_clock(device_time: datetime, clock: MeterClock) -> datetime:
    assert clock.before is not None  # noqa: S101 - there is no change without two sightings
    try:
        return clock.before.at - (clock.before.device_time - device_time)
    except OverflowError:
        return _clamped(device_time, clock.zone)


def _sighting(device_time: datetime, clock: MeterClock) -> ClockSighting | None:
    """The sighting by which a record of this time is corrected."""
    made_before_reset = clock.reset and device_time.year >= OLDEST_BELIEVABLE_YEAR
    sighting = clock.before if clock.now is None or made_before_reset else clock.now
    if made_before_reset and sighting is not None and sighting.device_time.year < OLDEST_BELIEVABLE_YEAR:
        return None
    return sighting


def _corrected(device_time: datetime, clock: MeterClock) -> datetime:
    sighting = _sighting(device_time, clock)
    if sighting is None:
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
