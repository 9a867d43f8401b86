"""Verdicts move a figure within its bounds, and a person's word stands over them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.detection.limits import load_limits
from cloud.detection.model import Verdict
from cloud.detection.outcomes.moving import BY_OUTCOMES, Change, Judged, changes, wanted
from cloud.detection.personal.model import Override, check, personal
from protocols.reading import Metric
from tests.cloud.detection.conftest import LIMITS

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LIMIT_SET = load_limits(LIMITS)
HIGH = ("raised_pressure", Metric.SYSTOLIC)
LOW = ("low_pressure", Metric.SYSTOLIC)


def create_judged(verdict: Verdict, at: datetime = NOW, key: tuple[str, Metric] = HIGH) -> Judged:
    return Judged(*key, verdict, at)


def falses(count: int, key: tuple[str, Metric] = HIGH) -> list[Judged]:
    return [create_judged(Verdict.FALSE, NOW - one * DAY, key) for one in range(count)]


def create_override(value: float, author: str = BY_OUTCOMES) -> Override:
    return Override(*HIGH, value, author, "a reason", NOW - 20 * DAY)


@pytest.mark.parametrize(("count", "figure"), [(1, None), (2, 167.5), (4, 175.0), (9, 175.0)])
def test_a_high_limit_rises_with_false_verdicts_to_its_bound(count: int, figure: float | None) -> None:
    found = wanted(LIMIT_SET, falses(count)).get(HIGH)
    assert (None if found is None else found.value) == figure


def test_a_low_limit_falls() -> None:
    assert wanted(LIMIT_SET, falses(2, LOW))[LOW].value == 85.0


def test_right_ones_weigh_against_false_ones_and_technique_moves_nothing() -> None:
    assert wanted(LIMIT_SET, [*falses(3), create_judged(Verdict.RIGHT), create_judged(Verdict.RIGHT)]) == {}
    assert wanted(LIMIT_SET, [create_judged(Verdict.TECHNIQUE)] * 9) == {}


def test_a_floor_and_a_rule_without_bounds_stay() -> None:
    for rule in LIMIT_SET.rule:
        movable = [one for one in rule.any if one.least is not None]
        found = wanted(LIMIT_SET, [one for metric in rule.metrics for one in falses(9, (rule.id, metric))])
        assert {key[1] for key in found} == (set() if rule.floor else {one.metric for one in movable})


@given(st.lists(st.sampled_from(list(Verdict)), max_size=30))
def test_a_moved_figure_is_one_that_a_clinician_could_set(verdicts: list[Verdict]) -> None:
    for key in (HIGH, LOW):
        for found in wanted(LIMIT_SET, [create_judged(one, key=key) for one in verdicts]).values():
            check(LIMIT_SET, *key, found.value)


def test_what_stands_already_changes_nothing_and_old_verdicts_bring_the_file_back() -> None:
    judged = falses(2)
    (change,) = changes(LIMIT_SET, judged, [])
    assert change.moved is not None
    standing = create_override(change.moved.value)
    assert changes(LIMIT_SET, judged, [standing]) == []
    assert changes(LIMIT_SET, [], [standing]) == [Change(HIGH, None)]
    limits = personal(LIMIT_SET, [standing])
    rule = limits.rule_named(HIGH[0])
    assert rule is not None
    assert rule.any[0].limit == 167.5


def test_a_clinicians_figure_is_left_alone() -> None:
    assert changes(LIMIT_SET, falses(4), [create_override(165.0, "Dr. Li")]) == []


def test_who_takes_a_moved_figure_back_is_obeyed_until_new_verdicts() -> None:
    undone = replace(create_override(167.5), ended_at=NOW + DAY, ended_by="anna", ended_why="no")
    assert changes(LIMIT_SET, falses(4), [undone]) == []
    later = [create_judged(Verdict.FALSE, NOW + 2 * DAY)] * 2
    (change,) = changes(LIMIT_SET, [*falses(4), *later], [undone])
    assert change.moved is not None
    assert change.moved.value == 167.5
