"""Corrected times, over wrong, jumped, reset and missing clocks, and over daylight saving."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
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


@pytest.mark.parametrize("follows", [True, False], ids=["clock was set", "clock was not set"])
def test_meter_over_the_change_to_daylight_saving(follows: bool) -> None:
    """2026-03-29 in Berlin. A clock that runs on is right to the second; one that was set is one that jumped."""
    before = ClockSighting(datetime(2026, 3, 28, 18, 0, tzinfo=UTC), datetime(2026, 3, 28, 19, 0))
    at = datetime(2026, 3, 30, 18, 0, tzinfo=UTC)
    shown = datetime(2026, 3, 30, 20 if follows else 19, 0)
    found = MeterClock(BERLIN, ClockSighting(at, shown), before)
    assert found.jumped is follows
    assert found.offset_s == (0 if follows else -3600)
    if not follows:
        eve = measured_at(datetime(2026, 3, 28, 19, 30), found, at)
        assert eve.at == datetime(2026, 3, 28, 18, 30, tzinfo=UTC)
        assert eve.flags == ()
    assert measured_at(shown, found, at).at == at


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
