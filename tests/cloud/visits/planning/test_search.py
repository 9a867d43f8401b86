"""Whatever day it is: the plan can be done, its cost is what it says, and prices of candidates are true."""

from itertools import product
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.visits.planning.insertion import cheapest
from cloud.visits.planning.layout import Layout
from cloud.visits.planning.model import Day, Job, PlanningError, Staff, Visit
from cloud.visits.planning.schedule import Schedule
from cloud.visits.planning.search import Search
from tests.cloud.visits.planning.checking import cost_of, create_day, faults


class Counting:
    """Progress by questions asked instead of time: the same on every machine."""

    def __init__(self, count: int) -> None:
        self._left = self._count = count

    def __call__(self) -> float:
        self._left -= 1
        return 1.0 - self._left / self._count


@given(visits=st.integers(0, 14), staff=st.integers(1, 5), seed=st.integers(0, 10**6), breaks=st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_plan_can_be_done_and_costs_what_it_says(visits: int, staff: int, seed: int, breaks: bool) -> None:
    day = create_day(visits, staff, seed, breaks=breaks)
    search = Search(Layout(day), seed)
    greedy = search.best.plan()
    assert faults(day, greedy) == []
    assert greedy.cost == pytest.approx(cost_of(day, greedy))
    search.anneal(Counting(6), 0.02, 0.001)
    plan = search.best.plan()
    assert faults(day, plan) == []
    assert plan.cost == pytest.approx(cost_of(day, plan))
    assert plan.cost <= greedy.cost + 1e-9


@given(visits=st.integers(2, 12), staff=st.integers(1, 4), seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_price_of_the_cheapest_place_is_what_the_plan_then_costs_more(visits: int, staff: int, seed: int) -> None:
    layout = Layout(create_day(visits, staff, seed))
    schedule = Schedule(layout)
    chance = Random(seed)
    for v in chance.sample(range(visits), visits):
        before = schedule.cost
        added, places = cheapest(schedule, v, chance.random, 0.0)
        assert added < inf
        schedule.put_in(v, places)
        assert schedule.cost - before == pytest.approx(added, abs=1e-6)


@given(
    visits=st.integers(2, 12),
    staff=st.integers(1, 4),
    seed=st.integers(0, 10**6),
    breaks=st.booleans(),
    metric=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_what_is_settled_after_putting_in_is_what_a_whole_pass_says(
    visits: int, staff: int, seed: int, breaks: bool, metric: bool
) -> None:
    day = create_day(visits, staff, seed, breaks=breaks, metric=metric)
    schedule = Schedule(Layout(day))
    chance = Random(seed)
    for v in chance.sample(range(len(day.visits)), len(day.visits)):
        _, places = cheapest(schedule, v, chance.random, 0.3)
        schedule.put_in(v, _any(schedule, v) if -1 in places or chance.random() < 0.2 else places)
        whole = schedule.copy()
        whole.pass_times()
        assert (schedule.start, schedule.order) == (whole.start, whole.order)
        assert schedule.slack == pytest.approx(whole.slack)
        assert schedule.cost == pytest.approx(whole.cost)
        assert schedule.worst == pytest.approx(whole.worst)


def _any(schedule: Schedule, v: int) -> tuple[int, ...]:
    """The end of a route for each job."""
    layout = schedule.layout
    choices = product(*([s for s, _ in layout.able[t]] for t in layout.tasks_of[v]))
    people = next(chosen for chosen in choices if len(set(chosen)) == len(chosen))
    return tuple(schedule.before[layout.last + s] for s in people)


def test_a_schedule_laid_again_is_the_same() -> None:
    layout = Layout(create_day(12, 4, 3))
    search = Search(layout, 3)
    again = Schedule(layout)
    again.lay(search.best.routes(), search.best.order)
    assert again.plan().routes == search.best.plan().routes
    assert again.cost == pytest.approx(search.best.cost)


def test_two_jobs_that_one_person_alone_can_do_are_refused() -> None:
    alone = Visit("lift", 0, 0.0, 10.0, (Job("a", 5.0, (0,)), Job("b", 5.0, (0,))), (0.0, 0.0))
    with pytest.raises(PlanningError, match="lift: two people are needed, and only one can"):
        Day((alone,), (Staff("n"),), [[0.0]])


def test_a_job_for_nobody_is_refused() -> None:
    with pytest.raises(PlanningError, match="nobody may do dialysis"):
        Day((Visit("v", 0, 0.0, 10.0, (Job("dialysis", 5.0, ()),)),), (Staff("n"),), [[0.0]])
