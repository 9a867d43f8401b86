"""What a second measurement confirmed is looked at again next morning, unless something calm was measured by then."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.detection.episode import Kind
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, ClosedEpisode
from protocols.reading import Metric
from tests.cloud.detection.looking import look, steps_of, was_closed
from tests.cloud.detection.readings import create_reading

EVENING = datetime(2026, 11, 20, 18, 48, tzinfo=UTC)
MORNING = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RULE = "raised_pulse_confirmed"


def told(limits: Limits, *values: tuple[float, float], by: datetime = MORNING) -> list[tuple[Kind, datetime]]:
    """Pulse so many minutes after EVENING."""
    readings = [create_reading(Metric.PULSE, value, EVENING + timedelta(minutes=after)) for after, value in values]
    return [
        (step.kind, step.at)
        for step in steps_of(look(readings, limits, by + timedelta(minutes=1)), Cause.PULSE)
        if any(one.reason.rule == RULE for one in step.fresh)
    ]


def test_two_within_two_hours_are_told_again_when_the_team_begins(limits: Limits) -> None:
    assert told(limits, (0, 115), (1, 116)) == [(Kind.RENEWED, MORNING)]
    assert told(limits, (0, 115), (90, 116)) == [(Kind.RENEWED, MORNING)]
    assert told(limits, (0, 115), (1, 116), by=MORNING - timedelta(minutes=5)) == []


@pytest.mark.parametrize(
    "values",
    [
        [(0.0, 115.0)],
        [(0.0, 115.0), (150.0, 116.0)],
        [(0.0, 115.0), (1.0, 99.0)],
        [(0.0, 115.0), (1.0, 116.0), (300.0, 80.0)],
        [(0.0, 115.0), (1.0, 116.0), (800.0, 80.0)],
    ],
    ids=["once", "far apart", "one in bounds", "calm by night", "calm in the morning"],
)
def test_anything_else_is_not(limits: Limits, values: list[tuple[float, float]]) -> None:
    assert told(limits, *values) == []


def test_what_a_nurse_has_closed_is_not_told_again(limits: Limits) -> None:
    readings = [create_reading(Metric.PULSE, 115, EVENING + timedelta(minutes=one)) for one in (0, 1)]
    night = EVENING + timedelta(hours=1)
    closed = was_closed(Cause.PULSE, ClosedEpisode(EVENING + timedelta(minutes=1), night, night))
    assert look(readings, limits, MORNING + timedelta(minutes=1), closed).steps == []
