"""When an elder is asked to measure again, why, and that nobody is asked for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.detection.coach.asking import Ask, Why, asks
from cloud.detection.columns import History, no_events, readings_of, us_of
from cloud.detection.finding import Window
from cloud.detection.limits import Limits
from cloud.detection.model import Observation
from protocols.reading import Flag, Metric
from tests.cloud.detection.readings import create_pressure, create_reading, create_weeks

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def asked(readings: list[Observation], limits: Limits, now: datetime) -> list[Ask]:
    history = History(readings_of(readings, UTC), no_events()).arrived_by(us_of(now))
    return asks(history, limits, Window(us_of(now - 2 * HOUR), us_of(now)))


@pytest.fixture
def usual(now: datetime) -> list[Observation]:
    """Weeks of one person, and a measurement of yesterday."""
    return [
        *create_weeks(Metric.SYSTOLIC, 128, now),
        *create_weeks(Metric.DIASTOLIC, 74, now),
        *create_weeks(Metric.PULSE, 68, now),
        *create_pressure(128, 74, now - 24 * HOUR),
    ]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ((Flag.CUFF_LOOSE, Flag.BODY_MOVED), Why.CUFF_LOOSE),
        ((Flag.BODY_MOVED, Flag.IRREGULAR_PULSE), Why.BODY_MOVED),
        ((Flag.BAD_POSITION,), Why.BAD_POSITION),
        ((Flag.IRREGULAR_PULSE,), Why.IRREGULAR_PULSE),
        ((), None),
        ((Flag.DEVICE_BATTERY_LOW, Flag.CLOCK_JUMPED), None),
    ],
)
def test_what_the_meter_says_against_itself(
    flags: tuple[Flag, ...], why: Why | None, limits: Limits, now: datetime, usual: list[Observation]
) -> None:
    found = asked([*usual, *create_pressure(130, 75, now - MINUTE, *flags)], limits, now)
    assert [one.why for one in found] == ([why] if why else [])


def test_a_strip_that_failed(limits: Limits, now: datetime) -> None:
    (one,) = asked([create_reading(Metric.GLUCOSE, 60, now - MINUTE, Flag.SAMPLE_SHORT)], limits, now)
    assert (one.metric, one.why, one.measured_at) == (Metric.GLUCOSE, Why.STRIP, now - MINUTE)
    assert one.until - one.asked_at == 30 * MINUTE


def test_a_jump_a_limit_and_another_hand(limits: Limits, now: datetime, usual: list[Observation]) -> None:
    assert [one.why for one in asked([*usual, *create_pressure(174, 80, now - MINUTE)], limits, now)] == [Why.JUMP]
    alone = create_pressure(184, 96, now - MINUTE)
    assert [one.why for one in asked(alone, limits, now)] == [Why.LIMIT]
    other = [*create_pressure(96, 50, now - MINUTE), create_reading(Metric.PULSE, 92, now - MINUTE)]
    assert [one.why for one in asked([*usual, *other], limits, now)] == [Why.OTHER_HAND]


def test_the_second_measurement_answers_and_is_not_asked_about(limits: Limits, now: datetime) -> None:
    first = create_pressure(184, 96, now - 10 * MINUTE)
    second = create_pressure(182, 95, now - 4 * MINUTE, Flag.BODY_MOVED)
    (one,) = asked([*first, *second], limits, now)
    assert (one.measured_at, one.answered_at) == (now - 10 * MINUTE, now - 4 * MINUTE)


def test_what_comes_late_is_not_asked_about(limits: Limits, now: datetime) -> None:
    late = [
        create_reading(Metric.SYSTOLIC, 184, now - HOUR, Flag.CUFF_LOOSE, arrives_after=50 * MINUTE),
    ]
    assert asked(late, limits, now) == []
