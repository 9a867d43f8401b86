"""Figures of one elder: within the file's bounds, never of a floor, and gone when they are ended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.detection.backtest.model import History
from cloud.detection.backtest.replay import replay
from cloud.detection.limits import Limits
from cloud.detection.model import Cause
from cloud.detection.personal.model import Override, OverrideRefused, check, personal
from protocols.reading import Metric
from tests.cloud.detection.looking import look, rules
from tests.cloud.detection.readings import create_pressure


@pytest.fixture
def higher(now: datetime) -> Override:
    return Override("raised_pressure", Metric.SYSTOLIC, 170.0, "Dr. Li", "used to 165, no symptoms", now)


def test_an_own_figure_holds_in_place_of_the_files(limits: Limits, now: datetime, higher: Override) -> None:
    readings = create_pressure(166, 84, now - timedelta(hours=1))
    assert "raised_pressure" in rules(look(readings, limits, now), Cause.BLOOD_PRESSURE)
    assert look(readings, personal(limits, [higher]), now).steps == []
    moved = personal(limits, [higher]).rule_named("raised_pressure")
    assert moved is not None
    assert [(one.limit, one.clear_limit) for one in moved.any] == [(170, 165), (100, 95)]
    ended = Override(higher.rule, higher.metric, 170.0, "Dr. Li", "x", now, now, "Dr. Li", "new treatment")
    assert personal(limits, [ended]) is limits


@pytest.mark.parametrize(
    ("rule", "metric", "value", "sentence"),
    [
        ("severe_pressure_repeated", Metric.SYSTOLIC, 190.0, "is a floor: nothing moves it"),
        ("hypoglycaemia_level_2", Metric.GLUCOSE, 40.0, "is a floor"),
        ("raised_pressure", Metric.SYSTOLIC, 190.0, "out of its bounds, 150 to 175"),
        ("raised_pressure", Metric.PULSE, 90.0, "names no bounds for pulse"),
        ("hypoglycaemia_level_1", Metric.GLUCOSE, 60.0, "names no bounds for glucose"),
        ("raised", Metric.SYSTOLIC, 160.0, "there is no rule 'raised'; those that can be set: raised_pressure, low_pr"),
    ],
)
def test_what_may_not_be_set_is_refused(rule: str, metric: Metric, value: float, sentence: str, limits: Limits) -> None:
    now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    with pytest.raises(OverrideRefused, match=sentence):
        check(limits, rule, metric, value)
    assert personal(limits, [Override(rule, metric, value, "a", "b", now)]) is limits


def test_a_back_test_goes_by_what_was_set_at_the_time(limits: Limits, now: datetime, higher: Override) -> None:
    """Set after the first high value, ended before the third."""
    days = [now + timedelta(days=day) for day in (-1, 4, 9)]
    readings = [one for at in days for one in create_pressure(166, 84, at)]
    readings += [one for day in range(12) for one in create_pressure(130, 80, now + timedelta(days=day, hours=5))]
    own = replace(higher, ended_at=now + timedelta(days=7), ended_by="Dr. Li", ended_why="new treatment")
    history = History(1, "UTC", tuple(readings), (), (own,))
    lived = replay(history, limits, now - timedelta(days=3), now + timedelta(days=20))
    raised = [alert.raised_at.date() for alert in lived if alert.cause is Cause.BLOOD_PRESSURE]
    assert raised == [days[0].date(), days[2].date()]
