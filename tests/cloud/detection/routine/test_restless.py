"""Restlessness by the quarter of a day."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.detection.columns import Events, moment_of, us_of
from cloud.detection.episode import Kind, Standing
from cloud.detection.finding import Finding, Window
from cloud.detection.judging import judge
from cloud.detection.limits import Limits, load_limits
from cloud.detection.model import Cause
from cloud.detection.routine.restless import restless
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.detection.routine.homes import PROFILE, at, events_of, lived, to_and_fro

SET = load_limits(LIMITS)
ALL = Window(us_of(at(-1, 0)), us_of(at(40, 0)))


def found(events: Events, limits: Limits = SET, window: Window = ALL) -> list[Finding]:
    return restless(lived(events), PROFILE, limits, window)


def test_a_restless_morning_is_told_when_it_is_over() -> None:
    (one,) = found(events_of(to_and_fro(at(0, 7), 6, 40)))
    assert one.cause is Cause.AGITATION
    assert one.reason.value == 40.0
    assert moment_of(one.known_us) == at(0, 13) + timedelta(minutes=10)
    assert moment_of(one.evidence_from_us) == at(0, 7)
    assert one.evidence_to_us < one.known_us


def test_a_restless_night_waits_for_the_team() -> None:
    (one,) = found(events_of(to_and_fro(at(0, 19), 6, 40)))
    assert moment_of(one.known_us) == at(1, 9)


@pytest.mark.parametrize(("hours", "per_hour"), [(6, 20), (2, 200), (1, 2000)])
def test_a_calm_day_and_a_busy_hour_say_nothing(hours: float, per_hour: float) -> None:
    assert not found(events_of(to_and_fro(at(0, 8), hours, per_hour)))


def test_movement_in_one_room_is_no_change() -> None:
    assert not found(events_of(to_and_fro(at(0, 7), 6, 200, rooms=("lounge",))))


def test_events_that_came_late_are_no_news() -> None:
    assert not found(events_of(to_and_fro(at(0, 7), 6, 40), late=timedelta(minutes=11)))
    assert found(events_of(to_and_fro(at(0, 7), 6, 40), late=timedelta(minutes=9)))


def test_who_always_lives_so_is_told_of_no_more() -> None:
    busy = [one for day in range(14) for one in to_and_fro(at(day, 7), 6, 40)]
    assert len(found(events_of(busy))) == SET.routine.restless.most_a_week


def test_an_episode_is_told_once_a_day_and_ends() -> None:
    moved = [one for day in range(3) for one in to_and_fro(at(day, 7), 12, 40)]
    judged = judge(lived(events_of(moved)), PROFILE, SET, standing=Standing(), window=ALL)
    kinds = [step.kind for step in judged.steps if step.cause is Cause.AGITATION]
    assert [kind for kind in kinds if kind is not Kind.EXTENDED] == [
        Kind.OPENED,
        Kind.RENEWED,
        Kind.RENEWED,
        Kind.CLEARED,
    ]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 23), st.integers(1, 6), st.sampled_from([20, 35, 60]))),
    st.integers(0, 5 * 24),
)
def test_a_cut_leaves_what_was_known(parts: list[tuple[int, int, int, int]], cut: int) -> None:
    moved = [one for day, hour, hours, per_hour in parts for one in to_and_fro(at(day, hour), hours, per_hour)]
    events, until = events_of(moved), us_of(at(0, cut))
    known = events.take(events.arrived_us <= until)
    early, late = Window(ALL.after_us, until), Window(until, ALL.until_us)
    assert found(known, window=early) == [one for one in found(events) if one.known_us <= until]
    assert found(events, window=early) + found(events, window=late) == found(events)
