"""Corrected times, over wrong, jumped, reset and missing clocks, and over daylight saving."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.meter_clock import ClockSighting, MeterClock, measured_at
from protocols.reading import Flag

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)  # noon in Shanghai


def clock(device_time: datetime | None, *, at: datetime = NOW, zone: ZoneInfo = SHANGHAI) -> MeterClock:
    return MeterClock(zone, None if device_time is None else ClockSighting(at, device_time))


def test_right_clock_has_no_offset() -> None:
    found = clock(datetime(2026, 3, 1, 12, 0))
    assert found.offset_s == 0
    assert measured_at(datetime(2026, 3, 1, 8, 30), found, NOW).at == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


def test_wrong_clock_is_corrected_and_its_offset_kept() -> None:
    found = clock(datetime(2026, 3, 1, 12, 7))
    assert found.offset_s == 420
    corrected = measured_at(datetime(2026, 3, 1, 12, 5), found, NOW)
    assert corrected.at == NOW - timedelta(minutes=2)
    assert corrected.flags == ()


def test_meter_that_daylight_saving_passed_by() -> None:
    """2026-03-29 in Berlin: the clock runs on, and is right to the second."""
    before = ClockSighting(datetime(2026, 3, 28, 18, 0, tzinfo=UTC), datetime(2026, 3, 28, 19, 0))
    at = datetime(2026, 3, 30, 18, 0, tzinfo=UTC)
    found = MeterClock(BERLIN, ClockSighting(at, datetime(2026, 3, 30, 19, 0)), before)
    assert not found.jumped
    assert found.followed is None
    assert found.offset_s == -3600
    eve = measured_at(datetime(2026, 3, 28, 19, 30), found, at)
    assert eve.at == datetime(2026, 3, 28, 18, 30, tzinfo=UTC)
    assert eve.flags == ()


@pytest.mark.parametrize(
    ("before_at", "now_at", "eve", "morning"),
    [
        # the clock goes forward at 01:00 UTC of 29 March, and back at 01:00 UTC of 25 October
        (datetime(2026, 3, 28, 18), datetime(2026, 3, 30, 18), datetime(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 8)),
        (
            datetime(2026, 10, 24, 18),
            datetime(2026, 10, 26, 18),
            datetime(2026, 10, 25, 1, 59),
            datetime(2026, 10, 25, 8),
        ),
    ],
    ids=["spring", "autumn"],
)
def test_meter_that_was_moved_with_daylight_saving(
    before_at: datetime, now_at: datetime, eve: datetime, morning: datetime
) -> None:
    """It did not jump. What was measured before the change is right and unflagged; since then one hour is in doubt."""
    zone_before, zone_now = (at.replace(tzinfo=UTC).astimezone(BERLIN) for at in (before_at, now_at))
    off = timedelta(seconds=25)
    found = MeterClock(
        BERLIN,
        ClockSighting(zone_now.astimezone(UTC), zone_now.replace(tzinfo=None) + off),
        ClockSighting(zone_before.astimezone(UTC), zone_before.replace(tzinfo=None) + off),
    )
    assert not found.jumped
    assert found.followed is not None
    received_at = zone_now.astimezone(UTC)
    early = measured_at(eve + off, found, received_at)
    assert early.at == eve.replace(tzinfo=BERLIN).astimezone(UTC)
    assert early.flags == ()
    late = measured_at(morning + off, found, received_at)
    assert late.at == morning.replace(tzinfo=BERLIN).astimezone(UTC)
    assert late.flags == (Flag.CLOCK_JUMPED,)


@pytest.mark.parametrize("wall", [datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30)], ids=["never", "twice"])
def test_an_hour_that_comes_twice_or_never_is_a_guess_and_says_so(wall: datetime) -> None:
    guessed = measured_at(wall, clock(None, zone=BERLIN), datetime(2026, 12, 1, tzinfo=UTC))
    assert guessed.flags == (Flag.TIME_AMBIGUOUS,)
    read = measured_at(
        wall, clock(wall, at=datetime(2026, 12, 1, tzinfo=UTC), zone=BERLIN), datetime(2026, 12, 1, tzinfo=UTC)
    )
    assert read.flags == ()


def test_unread_clock_goes_by_the_home_and_over_its_daylight_saving() -> None:
    nothing = clock(None, zone=BERLIN)
    assert nothing.offset_s is None
    winter = measured_at(datetime(2026, 3, 28, 12, 0), nothing, NOW + timedelta(days=60))
    summer = measured_at(datetime(2026, 3, 29, 12, 0), nothing, NOW + timedelta(days=60))
    assert winter.at == datetime(2026, 3, 28, 11, 0, tzinfo=UTC)
    assert summer.at == datetime(2026, 3, 29, 10, 0, tzinfo=UTC)


def test_unread_clock_goes_by_the_last_sighting() -> None:
    before = ClockSighting(NOW - timedelta(days=1), datetime(2026, 2, 28, 12, 10))
    found = MeterClock(SHANGHAI, None, before)
    assert measured_at(datetime(2026, 3, 1, 12, 10), found, NOW).at == NOW


def test_no_time_is_the_time_of_hearing() -> None:
    assert measured_at(None, clock(None), NOW) == measured_at(None, clock(datetime(2026, 3, 1, 12)), NOW)
    assert measured_at(None, clock(None), NOW).flags == (Flag.CLOCK_MISSING,)
    assert measured_at(None, clock(None), NOW).at == NOW


def test_jump_is_flagged_and_drift_is_not() -> None:
    before = ClockSighting(NOW - timedelta(days=30), datetime(2026, 1, 30, 12, 0))
    drifted = MeterClock(SHANGHAI, ClockSighting(NOW, datetime(2026, 3, 1, 12, 4)), before)
    jumped = MeterClock(SHANGHAI, ClockSighting(NOW, datetime(2026, 3, 1, 13, 0)), before)
    assert not drifted.jumped
    assert measured_at(datetime(2026, 3, 1, 12, 59), jumped, NOW).flags == (Flag.CLOCK_JUMPED,)


def test_clock_at_its_factory_date() -> None:
    """After a battery change: new records count from the factory date, old ones still have their true time."""
    before = ClockSighting(NOW - timedelta(days=2), datetime(2026, 2, 27, 12, 0))
    found = MeterClock(SHANGHAI, ClockSighting(NOW, datetime(2010, 1, 1, 5, 0)), before)
    new = measured_at(datetime(2010, 1, 1, 4, 0), found, NOW)
    assert new.at == NOW - timedelta(hours=1)
    assert Flag.CLOCK_RESET in new.flags
    old = measured_at(datetime(2026, 2, 27, 9, 0), found, NOW)
    assert old.at == datetime(2026, 2, 27, 1, 0, tzinfo=UTC)
    assert Flag.CLOCK_RESET in old.flags
    assert Flag.FROM_FUTURE not in old.flags


def test_record_from_the_future_is_kept_and_flagged() -> None:
    found = measured_at(datetime(2026, 3, 2, 12, 0), clock(datetime(2026, 3, 1, 12, 0)), NOW)
    assert found.at == NOW + timedelta(days=1)
    assert found.flags == (Flag.FROM_FUTURE,)


@given(
    device_time=st.none() | st.datetimes(),
    now=st.none() | st.datetimes(),
    before=st.none() | st.datetimes(),
    received_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_every_clock_gives_an_instant(
    device_time: datetime | None, now: datetime | None, before: datetime | None, received_at: datetime
) -> None:
    found = MeterClock(
        BERLIN,
        None if now is None else ClockSighting(received_at, now),
        None if before is None else ClockSighting(received_at - timedelta(days=1), before),
    )
    when = measured_at(device_time, found, received_at)
    assert when.at.utcoffset() == timedelta(0)


@given(offset_s=st.integers(-(10**8), 10**8), age_s=st.integers(0, 10**7))
def test_even_clock_is_corrected_exactly(offset_s: int, age_s: int) -> None:
    shown = datetime(2026, 3, 1, 12, 0) + timedelta(seconds=offset_s)
    found = clock(shown)
    when = measured_at(shown - timedelta(seconds=age_s), found, NOW)
    if not found.reset:
        assert when.at == NOW - timedelta(seconds=age_s)
        assert found.offset_s == offset_s


@given(
    zone=st.timezones(),
    now=st.datetimes(datetime(2016, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    session_before=st.timedeltas(timedelta(minutes=5), timedelta(days=60)),
    age=st.timedeltas(timedelta(0), timedelta(days=59)),
    offset_s=st.integers(-40_000, 40_000),
    follows=st.booleans(),
)
@settings(deadline=None)
def test_whoever_moves_the_clocks_no_time_is_wrong_without_a_flag(
    *, zone: ZoneInfo, now: datetime, session_before: timedelta, age: timedelta, offset_s: int, follows: bool
) -> None:
    """A meter that runs on by itself, or one that is moved whenever the home's clock is, in any zone there is."""
    now, made = now.replace(microsecond=0), (now - age).replace(microsecond=0)
    before = now - timedelta(seconds=int(session_before.total_seconds()))

    def shown(at: datetime) -> datetime:
        wall = at.astimezone(zone if follows else UTC).replace(tzinfo=None)
        return wall + timedelta(seconds=offset_s)

    found = MeterClock(zone, ClockSighting(now, shown(now)), ClockSighting(before, shown(before)))
    if made < before:
        return  # it was taken in the session before, by the clock of then
    when = measured_at(shown(made), found, now)
    if not when.flags:
        assert when.at == made


@given(
    zone=st.timezones(),
    made=st.datetimes(datetime(2016, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_a_right_clock_that_cannot_be_read_is_right_or_flagged(zone: ZoneInfo, made: datetime) -> None:
    wall = made.astimezone(zone).replace(tzinfo=None)
    when = measured_at(wall, MeterClock(zone, None), made)
    assert when.at == made or Flag.TIME_AMBIGUOUS in when.flags
