"""Which alert of a team waits, and which goes first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.detection.budget.risk import Held, Said, may_wait, ranked
from cloud.detection.budget.settings import Budget
from cloud.detection.model import Cause, Episode, Priority, Reason
from protocols.reading import Metric

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BUDGET = Budget()


def create_episode(priority: Priority, *, floor: bool = False) -> Episode:
    reason = Reason(
        rule="a",
        priority=priority,
        metric=Metric.PULSE,
        value=1.0,
        unit="/min",
        at=NOW,
        comparison="above",
        count=1,
        source="s",
        confirmed=True,
        floor=floor,
    )
    return Episode(Cause.PULSE, priority, (reason,), NOW, NOW, NOW)


def create_held(number: int, cause: Cause = Cause.PULSE, score: float = 0.5, days: float = 0.0) -> Held:
    return Held(number, cause, score, NOW - timedelta(days=days))


def order(*held: Held, said: dict[Cause, Said] | None = None) -> list[int]:
    return [one.alert_id for one in ranked(held, said or {}, BUDGET, NOW)]


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("floor", [False, True])
def test_no_floor_waits_nor_what_is_urgent(priority: Priority, floor: bool) -> None:
    assert may_wait(create_episode(priority, floor=floor)) is (priority is Priority.THIS_WEEK and not floor)


def test_the_unusual_goes_first_and_the_older_of_two_alike() -> None:
    assert order(create_held(1, score=0.2), create_held(2, score=0.9)) == [2, 1]
    assert order(create_held(1), create_held(2, days=3.0)) == [2, 1]


def test_a_cause_that_was_often_wrong_here_goes_behind() -> None:
    both = create_held(1, Cause.PULSE), create_held(2, Cause.TREND, score=0.45)
    assert order(*both) == [1, 2]
    assert order(*both, said={Cause.PULSE: Said(right=1, wrong=9)}) == [2, 1]


def test_nothing_waits_for_ever_behind_newer_ones() -> None:
    assert order(create_held(1, score=0.0, days=15.0), create_held(2, score=1.0)) == [1, 2]


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_a_week_never_has_more_than_its_room(patients: int, sent: int) -> None:
    room = BUDGET.room(patients, sent)
    assert room >= 0
    assert room + sent <= max(BUDGET.at_least, BUDGET.per_patient_week * patients, sent)
    assert room + sent >= BUDGET.at_least
