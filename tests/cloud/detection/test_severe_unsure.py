"""What is severe, whosever it is."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.detection.limits import Limits, load_limits
from cloud.detection.model import Observation, Priority
from cloud.detection.unsure.severe import Severe, severe
from protocols.reading import Flag, Metric
from tests.cloud.detection.conftest import LIMITS

MINUTE = timedelta(minutes=1)
SHIPPED = load_limits(LIMITS)


def create_record(at: datetime, *flags: Flag, **values: float) -> list[Observation]:
    return [Observation(Metric(metric), value, at, at + MINUTE, frozenset(flags)) for metric, value in values.items()]


def rules_of(found: Severe | None) -> list[str]:
    return [] if found is None else [reason.rule for reason in found.reasons]


def test_severe_pressure_is_for_today_and_a_second_one_is_for_now(limits: Limits, now: datetime) -> None:
    first = create_record(now - 10 * MINUTE, systolic=184, diastolic=96, pulse=78)
    second = create_record(now - MINUTE, systolic=181, diastolic=94, pulse=80)
    alone = severe(first, [], limits=limits, now=now)
    assert alone is not None
    assert (alone.priority, rules_of(alone)) == (Priority.TODAY, ["severe_pressure", "raised_pressure"])
    assert (alone.reasons[0].value, alone.reasons[0].count) == (184, 1)
    again = severe(second, first, limits=limits, now=now)
    assert again is not None
    assert (again.priority, rules_of(again)) == (
        Priority.NOW,
        ["severe_pressure_repeated", "severe_pressure", "raised_pressure"],
    )
    assert again.reasons[0].floor
    assert again.reasons[0].at == now - MINUTE


def test_low_glucose_is_for_now(limits: Limits, now: datetime) -> None:
    found = severe(create_record(now - MINUTE, glucose=48), [], limits=limits, now=now)
    assert found is not None
    assert found.priority is Priority.NOW
    assert rules_of(found) == ["hypoglycaemia_level_2", "hypoglycaemia_level_1"]


@pytest.mark.parametrize(
    "values", [{"systolic": 178, "diastolic": 99}, {"glucose": 60}, {"glucose": 320}, {"pulse": 150}]
)
def test_what_breaks_no_floor_raises_nothing(limits: Limits, now: datetime, values: dict[str, float]) -> None:
    worse = create_record(now - 9 * MINUTE, systolic=190, diastolic=120, glucose=40)
    assert severe(create_record(now - MINUTE, **values), worse, limits=limits, now=now) is None


def test_a_doubtful_one_counts_only_beside_a_sure_one(limits: Limits, now: datetime) -> None:
    moved = create_record(now - MINUTE, Flag.BODY_MOVED, systolic=190, diastolic=100)
    assert severe(moved, [], limits=limits, now=now) is None
    sure = create_record(now - 9 * MINUTE, systolic=186, diastolic=100)
    assert rules_of(severe(moved, sure, limits=limits, now=now)) == [
        "severe_pressure_repeated",
        "severe_pressure",
        "raised_pressure",
    ]


def test_what_came_late_or_is_old_is_no_news(limits: Limits, now: datetime) -> None:
    late = [Observation(Metric.GLUCOSE, 45, now - timedelta(hours=30), now, frozenset())]
    assert severe(late, [], limits=limits, now=now) is None
    assert severe(late, [], limits=limits, now=now, fresh=timedelta(hours=36)) is not None
    old = create_record(now - timedelta(hours=73), glucose=45)
    assert severe(old, [], limits=limits, now=now) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.integers(60, 260), st.integers(30, 150)), max_size=6))
def test_nothing_around_takes_an_alert_away(around: list[tuple[int, int, int]]) -> None:
    """Others on the same device may make it more urgent, and never quieter."""
    now = datetime.fromisoformat("2026-11-22T10:00:00+00:00")
    record = create_record(now - MINUTE, systolic=184, diastolic=96)
    others = [
        one
        for minutes, systolic, diastolic in around
        for one in create_record(now - minutes * MINUTE - MINUTE, systolic=systolic, diastolic=diastolic)
    ]
    alone, among = severe(record, [], limits=SHIPPED, now=now), severe(record, others, limits=SHIPPED, now=now)
    assert alone is not None
    assert among is not None
    assert among.priority.rank <= alone.priority.rank
    assert severe(record, others[::-1], limits=SHIPPED, now=now) == among
