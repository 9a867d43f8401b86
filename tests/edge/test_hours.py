"""Hours of a home's day: read from a configuration, over midnight, and the nearest moment within them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.hours import ALL_DAY, Hours, parse_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
"""In Shanghai."""


def test_hours_as_they_are_written() -> None:
    assert parse_hours("08:00-20:30") == Hours(480, 1230)
    assert parse_hours("00:00-24:00") == ALL_DAY
    assert parse_hours("22:00-06:00") == Hours(1320, 1800)


@pytest.mark.parametrize("text", ["", "8-20", "08:00", "08:60-20:00", "24:00-08:00", "08:00-25:00", "09:00-09:00"])
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_hours(text)


def test_hours_are_the_homes() -> None:
    day, night = parse_hours("08:00-20:00"), parse_hours("20:00-08:00")
    assert day.has(NOON, SHANGHAI)
    assert not day.has(NOON, ZoneInfo("America/Los_Angeles"))
    for hours in range(24):
        at = NOON + timedelta(hours=hours)
        assert day.has(at, SHANGHAI) is not night.has(at, SHANGHAI)


def test_a_moment_within_stays_and_one_beside_goes_to_the_nearest_day() -> None:
    hours = parse_hours("09:00-10:00")
    within = NOON - timedelta(hours=2, minutes=30)
    assert hours.nearest(within, SHANGHAI, after=within - timedelta(days=1), share=0.5) == within
    yesterday = NOON - timedelta(hours=23)
    assert hours.nearest(NOON, SHANGHAI, after=yesterday, share=0.5) == within, "not a day later"
    assert hours.nearest(NOON, SHANGHAI, after=NOON, share=0.0) == NOON + timedelta(hours=21)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(moments, st.integers(0, 1439), st.integers(1, 1440), st.floats(0, 0.99))
def test_the_nearest_lies_within_and_ahead(at: datetime, begin: int, length: int, share: float) -> None:
    hours = Hours(begin, begin + length)
    found = hours.nearest(at, SHANGHAI, after=at, share=share)
    assert hours.has(found, SHANGHAI)
    assert at <= found < at + timedelta(days=2)
