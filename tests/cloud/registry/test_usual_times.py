"""Usual times, from the file's words to minutes of the home's day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cloud.registry.usual_times import is_usual, minute_at, minutes_of


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("06:30-08:00", ((390, 480),)),
        ("22:00-01:00", ((1320, 1440), (0, 60))),
        ("20:00-24:00", ((1200, 1440),)),
        ("20:00-00:00", ((1200, 1440),)),
    ],
)
def test_times_are_minutes_of_the_day(text: str, minutes: tuple[tuple[int, int], ...]) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["", "6:30-8:00", "06:30", "06:30-06:30", "25:00-26:00", "10:00-24:30", "06:30–08:00"])
def test_other_words_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="06:30-08:00"):
        minutes_of(text)


def test_the_end_belongs_to_the_next() -> None:
    assert is_usual(390, ((390, 480),))
    assert not is_usual(480, ((390, 480),))


def test_the_minute_is_that_of_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert minute_at(datetime(2026, 3, 28, 6, 0, tzinfo=UTC), berlin) == 7 * 60
    assert minute_at(datetime(2026, 3, 29, 6, 0, tzinfo=UTC), berlin) == 8 * 60  # summer time began in the night
