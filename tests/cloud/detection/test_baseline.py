"""Own normal: robust, shrunk for few readings, widened by false verdicts within bounds; and what lies outside it."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.detection.baseline import baselines, widening
from cloud.detection.episode import Leave, Open, evaluate
from cloud.detection.limits import Limits
from cloud.detection.model import Baseline, Cause
from protocols.reading import Flag, Metric
from tests.cloud.detection.readings import create_reading, create_weeks

HOUR = timedelta(hours=1)


def test_many_readings_are_ones_own(limits: Limits, now: datetime) -> None:
    band = baselines(create_weeks(Metric.SYSTOLIC, 118, now), limits.own_normal, now, UTC)[Metric.SYSTOLIC]
    assert band.centre == pytest.approx(119, abs=1.5)
    assert band.high - band.low == pytest.approx(24, abs=3)
    assert band.count == 56


def test_few_readings_lean_on_the_group(limits: Limits, now: datetime) -> None:
    three = [create_reading(Metric.SYSTOLIC, 118, now - timedelta(days=day)) for day in (3, 4, 5)]
    assert baselines(three[:2], limits.own_normal, now, UTC) == {}
    band = baselines(three, limits.own_normal, now, UTC)[Metric.SYSTOLIC]
    assert band.centre == pytest.approx((118 + 138) / 2)
    assert band.high - band.low > 40


def test_outliers_do_not_move_the_band(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.PULSE, 70, now)
    wild = [create_reading(Metric.PULSE, 190, now - timedelta(days=day, hours=1)) for day in range(3, 9)]
    calm = baselines(weeks, limits.own_normal, now, UTC)[Metric.PULSE]
    assert baselines(weeks + wild, limits.own_normal, now, UTC)[Metric.PULSE].centre == pytest.approx(
        calm.centre, abs=1
    )


def test_doubtful_bounded_and_newest_readings_are_left_out(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.GLUCOSE, 110, now)
    others = [
        create_reading(Metric.GLUCOSE, 600, now - timedelta(days=3), Flag.ABOVE_RANGE),
        create_reading(Metric.GLUCOSE, 30, now - timedelta(days=3), Flag.SAMPLE_SHORT),
        create_reading(Metric.GLUCOSE, 240, now - 5 * HOUR),
    ]
    assert baselines(weeks + others, limits.own_normal, now, UTC) == baselines(weeks, limits.own_normal, now, UTC)


def test_false_verdicts_widen_within_bounds(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.SYSTOLIC, 130, now)
    plain = baselines(weeks, limits.own_normal, now, UTC)[Metric.SYSTOLIC]
    once = baselines(weeks, limits.own_normal, now, UTC, {Metric.SYSTOLIC: 1})[Metric.SYSTOLIC]
    often = baselines(weeks, limits.own_normal, now, UTC, {Metric.SYSTOLIC: 99})[Metric.SYSTOLIC]
    assert once.high - once.centre == pytest.approx((plain.high - plain.centre) * 1.15, abs=0.1)
    assert often.high - often.centre == pytest.approx((plain.high - plain.centre) * 1.5, abs=0.1)
    assert (often.false_verdicts, often.wider) == (99, 1.5)
    assert widening(limits.own_normal, 0) == 1.0


def create_band(count: int = 40, days: int = 20, wider: float = 1.0) -> dict[Metric, Baseline]:
    return {Metric.SYSTOLIC: Baseline(Metric.SYSTOLIC, 120, 108, 132, count, days, wider, 2 if wider > 1 else 0)}


def test_twice_outside_the_own_band_is_a_reason(limits: Limits, now: datetime) -> None:
    out = [create_reading(Metric.SYSTOLIC, 144, now - 20 * HOUR), create_reading(Metric.SYSTOLIC, 146, now - HOUR)]
    decision = evaluate(Cause.BLOOD_PRESSURE, out, None, limits=limits, baseline=create_band(wider=1.3), now=now)
    assert isinstance(decision, Open)
    (reason,) = decision.reasons
    assert (reason.rule, reason.comparison, reason.limit, reason.count) == ("own_normal", "above", 132, 2)
    assert (reason.usual_low, reason.usual_high, reason.usual_count) == (108, 132, 40)
    assert (reason.wider, reason.false_verdicts) == (1.3, 2)


@pytest.mark.parametrize(
    ("values", "band"),
    [
        ([146.0], create_band()),  # once
        ([139.0, 139.0], create_band()),  # not far enough
        ([146.0, 98.0], create_band()),  # on both sides
        ([146.0, 146.0], create_band(count=7)),  # the band rests on too few readings
        ([146.0, 146.0], create_band(days=3)),  # or days
    ],
)
def test_less_than_that_is_none(
    values: list[float], band: dict[Metric, Baseline], limits: Limits, now: datetime
) -> None:
    out = [create_reading(Metric.SYSTOLIC, value, now - (20 - place * 10) * HOUR) for place, value in enumerate(values)]
    assert evaluate(Cause.BLOOD_PRESSURE, out, None, limits=limits, baseline=band, now=now) == Leave()


def test_low_glucose_of_ones_own_belongs_to_hypoglycaemia(limits: Limits, now: datetime) -> None:
    band = {Metric.GLUCOSE: Baseline(Metric.GLUCOSE, 160, 124, 196, 40, 20)}
    low = [create_reading(Metric.GLUCOSE, 84, now - 20 * HOUR), create_reading(Metric.GLUCOSE, 80, now - HOUR)]
    assert evaluate(Cause.HYPERGLYCAEMIA, low, None, limits=limits, baseline=band, now=now) == Leave()
    assert isinstance(evaluate(Cause.HYPOGLYCAEMIA, low, None, limits=limits, baseline=band, now=now), Open)
