"""A step, a drift, a wider spread, mornings beside evenings, and falls between two measurements."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from cloud.detection.limits import Limits
from cloud.detection.model import Cause, Observation
from protocols.reading import Metric
from tests.cloud.detection.looking import look, rules
from tests.cloud.detection.readings import create_reading

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def flat(_day: int, _hour: int) -> float:
    return 124.0


def step(day: int, _hour: int) -> float:
    return 145.0 if day <= 4 else 122.0


def long_step(day: int, _hour: int) -> float:
    return 145.0 if day <= 10 else 122.0


def drift(day: int, _hour: int) -> float:
    return 122.0 + (4 + 20 * (14 - day) / 14 if day < 15 else 0)


def unsteady(day: int, _hour: int) -> float:
    return 124.0 + (0 if day > 14 else (28 if day % 2 else -28))


def surging(_day: int, hour: int) -> float:
    return 152.0 if hour == 7 else 124.0


def create_life(now: datetime, value: Callable[[int, int], float], days: int = 58) -> list[Observation]:
    """Systolic at 7 and 19 o'clock; `value` of the day before today and the hour, with a sway of its own."""
    readings = []
    for day in range(days, -1, -1):
        for hour in (7, 19):
            at = (now - day * DAY).replace(hour=hour, minute=0)
            if at < now:
                sway = (day * 7 + hour) % 9 - 4
                readings.append(create_reading(Metric.SYSTOLIC, value(day, hour) + sway, at))
    return readings


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (flat, set()),
        (step, {"own_step"}),
        (drift, {"own_drift"}),
        (unsteady, {"own_variability"}),
        (surging, {"own_morning_surge"}),
    ],
)
def test_a_change_of_what_is_usual(
    value: Callable[[int, int], float], expected: set[str], limits: Limits, now: datetime
) -> None:
    found = set(rules(look(create_life(now, value), limits, now), Cause.TREND))
    assert expected <= found if expected else not found


def test_falls_between_two_measurements(limits: Limits, now: datetime) -> None:
    readings = create_life(now, flat)
    falls = [
        create_reading(Metric.SYSTOLIC, one.value - 24, one.at + 2 * MINUTE)
        for one in readings
        if one.at.hour == 7 and now - 5 * DAY < one.at < now - DAY
    ]
    assert "own_standing_fall" in rules(look([*readings, *falls], limits, now), Cause.TREND)
    assert "own_standing_fall" not in rules(look([*readings, *falls[:2]], limits, now), Cause.TREND)


def test_a_trend_is_told_once(limits: Limits, now: datetime) -> None:
    """The next mornings say the same: that is no news for a week."""
    life = create_life(now + 6 * DAY, long_step)
    standing = look([one for one in life if one.at < now], limits, now).standing
    for day in range(1, 6):
        at = now + day * DAY
        judged = look([one for one in life if one.at < at], limits, at, standing)
        standing = judged.standing
        assert {step.kind for step in judged.steps if step.cause is Cause.TREND} <= {"extended"}
