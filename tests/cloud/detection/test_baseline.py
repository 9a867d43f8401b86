"""Own normal: robust, shrunk for few readings, by time of day, widened by false verdicts; and what lies outside it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cloud.detection.baseline import bands_now, context_of, trusted, usual_in_context, usual_on, widening
from cloud.detection.columns import DAY_US, readings_of, us_of
from cloud.detection.limits import Limits
from cloud.detection.model import Baseline, Cause, Observation
from protocols.reading import Flag, Metric
from tests.cloud.detection.looking import look, opened
from tests.cloud.detection.readings import create_reading, create_weeks

HOUR = timedelta(hours=1)


def bands(
    observations: list[Observation], limits: Limits, now: datetime, verdicts: dict[Metric, int] | None = None
) -> dict[Metric, Baseline]:
    return bands_now(readings_of(observations, UTC), limits.own_normal, us_of(now) // DAY_US, verdicts or {})


def test_many_readings_are_ones_own(limits: Limits, now: datetime) -> None:
    band = bands(create_weeks(Metric.SYSTOLIC, 118, now), limits, now)[Metric.SYSTOLIC]
    assert band.centre == pytest.approx(119, abs=1.5)
    assert band.high - band.low == pytest.approx(24, abs=3)
    assert band.count == 56


def test_few_readings_lean_on_the_group(limits: Limits, now: datetime) -> None:
    three = [create_reading(Metric.SYSTOLIC, 118, now - timedelta(days=day)) for day in (3, 4, 5)]
    assert bands(three[:2], limits, now) == {}
    band = bands(three, limits, now)[Metric.SYSTOLIC]
    assert band.centre == pytest.approx((118 + 138) / 2)
    assert band.high - band.low > 40


def test_outliers_do_not_move_the_band(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.PULSE, 70, now)
    wild = [create_reading(Metric.PULSE, 190, now - timedelta(days=day, hours=1)) for day in range(3, 9)]
    calm = bands(weeks, limits, now)[Metric.PULSE]
    assert bands(weeks + wild, limits, now)[Metric.PULSE].centre == pytest.approx(calm.centre, abs=1)


def test_doubtful_bounded_and_newest_readings_are_left_out(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.GLUCOSE, 110, now)
    others = [
        create_reading(Metric.GLUCOSE, 600, now - timedelta(days=3), Flag.ABOVE_RANGE),
        create_reading(Metric.GLUCOSE, 30, now - timedelta(days=3), Flag.SAMPLE_SHORT),
        create_reading(Metric.GLUCOSE, 240, now - 5 * HOUR),
    ]
    assert bands(weeks + others, limits, now) == bands(weeks, limits, now)


def test_false_verdicts_widen_within_bounds(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.SYSTOLIC, 130, now)
    plain = bands(weeks, limits, now)[Metric.SYSTOLIC]
    once = bands(weeks, limits, now, {Metric.SYSTOLIC: 1})[Metric.SYSTOLIC]
    often = bands(weeks, limits, now, {Metric.SYSTOLIC: 99})[Metric.SYSTOLIC]
    assert once.high - once.centre == pytest.approx((plain.high - plain.centre) * 1.15, abs=0.1)
    assert often.high - often.centre == pytest.approx((plain.high - plain.centre) * 1.5, abs=0.1)
    assert (often.false_verdicts, often.wider) == (99, 1.5)
    assert widening(limits.own_normal, 0) == 1.0


def test_mornings_and_evenings_have_middles_of_their_own(limits: Limits, now: datetime) -> None:
    weeks = [
        create_reading(Metric.SYSTOLIC, value, (now - timedelta(days=day)).replace(hour=hour))
        for day in range(2, 30)
        for hour, value in ((8, 146), (20, 122))
    ]
    own = trusted(readings_of(weeks, UTC), Metric.SYSTOLIC)
    today = np.array([us_of(now) // DAY_US] * 2)
    whole = usual_on(today, own, limits.own_normal.metric[Metric.SYSTOLIC], limits.own_normal)
    early, late = usual_in_context(
        whole, np.array([0, 1]), own=own, own_context=context_of(Metric.SYSTOLIC, own), settings=limits.own_normal
    )
    assert early == pytest.approx(143, abs=2)
    assert late == pytest.approx(125, abs=2)


def test_twice_outside_the_own_band_is_a_reason(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.SYSTOLIC, 118, now)
    out = [create_reading(Metric.SYSTOLIC, 144, now - 20 * HOUR), create_reading(Metric.SYSTOLIC, 146, now - HOUR)]
    (reason,) = opened(look([*weeks, *out], limits, now), Cause.BLOOD_PRESSURE).reasons
    assert (reason.rule, reason.comparison, reason.count, reason.value) == ("own_normal", "above", 2, 146)
    assert reason.limit == reason.usual_high == pytest.approx(131, abs=2)
    assert (reason.usual_count, reason.wider) == (56, None)
    wide = look([*weeks, *out], limits, now, verdicts={Metric.SYSTOLIC: 1})
    (reason,) = opened(wide, Cause.BLOOD_PRESSURE).reasons
    assert (reason.wider, reason.false_verdicts) == (1.15, 1)
    assert look([*weeks, *out], limits, now, verdicts={Metric.SYSTOLIC: 9}).steps == []


@pytest.mark.parametrize(
    ("values", "weeks"),
    [
        ([146.0], 30),  # once
        ([134.0, 134.0], 30),  # not far enough
        ([146.0, 90.0], 30),  # on both sides
        ([146.0, 146.0], 5),  # the band rests on too few days
    ],
)
def test_less_than_that_is_none(values: list[float], weeks: int, limits: Limits, now: datetime) -> None:
    out = [create_reading(Metric.SYSTOLIC, value, now - (20 - place * 10) * HOUR) for place, value in enumerate(values)]
    usual = create_weeks(Metric.SYSTOLIC, 118, now, days=weeks)
    assert look([*usual, *out], limits, now).steps == []


def test_low_glucose_of_ones_own_belongs_to_hypoglycaemia(limits: Limits, now: datetime) -> None:
    weeks = create_weeks(Metric.GLUCOSE, 160, now)
    low = [create_reading(Metric.GLUCOSE, 84, now - 20 * HOUR), create_reading(Metric.GLUCOSE, 80, now - HOUR)]
    found = look([*weeks, *low], limits, now)
    assert set(found.standing.episodes) == {Cause.HYPOGLYCAEMIA}
