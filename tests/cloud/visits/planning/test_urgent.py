"""An urgent visit in running routes: it is served, what has begun stands, and what moved is said."""

import time
from dataclasses import replace
from math import inf

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cloud.visits.planning.layout import Layout
from cloud.visits.planning.model import Day, Job, Plan, PlanningError, Visit
from cloud.visits.planning.search import Search
from cloud.visits.planning.urgent import put_in_urgent
from tests.cloud.visits.planning.checking import create_day, faults


def create_plan(day: Day) -> Plan:
    return Search(Layout(day), 1).best.plan()


def create_urgent(day: Day, now: float) -> Visit:
    everybody = tuple(range(len(day.staff)))
    return Visit("urgent", 1, now, now + 30.0, (Job("look", 15.0, everybody),), weight=10.0)


@given(
    visits=st.integers(2, 14),
    staff=st.integers(2, 5),
    seed=st.integers(0, 10**6),
    now=st.floats(0.0, 500.0),
    breaks=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_what_has_begun_stands_and_the_rest_can_be_done(
    visits: int, staff: int, seed: int, now: float, breaks: bool
) -> None:
    day = create_day(visits, staff, seed, breaks=breaks)
    # a visit half done is its own question: the gap to the half that is left may not be met any more
    day = replace(day, visits=tuple(replace(v, gap=(0.0, 0.0)) if len(v.jobs) == 2 else v for v in day.visits))
    plan = create_plan(day)
    answer = put_in_urgent(day, plan, create_urgent(day, now), now, seconds=0.02)
    half = {
        v
        for v, visit in enumerate(day.visits)
        if len(visit.jobs) == 2
        and 0
        < sum(s.visit == v and _left(day, plan, r, s, now) for r, route in enumerate(plan.routes) for s in route)
        < 2
    }
    assume(not half)
    assert faults(answer.day, answer.plan) == []
    after = {(s.visit, s.job): (r, s.start) for r, route in enumerate(answer.plan.routes) for s in route}
    moved = {(d.visit, d.job) for d in answer.displaced}
    for r, route in enumerate(plan.routes):
        for stop in route:
            if stop.start <= now:
                assert after[stop.visit, stop.job] == (r, stop.start)
            if (stop.visit, stop.job) not in moved:
                assert after[stop.visit, stop.job][0] == r
                assert abs(after[stop.visit, stop.job][1] - stop.start) < 1.0
    assert after[len(day.visits), 0][1] >= now


def _left(day: Day, plan: Plan, person: int, stop: object, now: float) -> bool:
    here = day.staff[person].home
    for other in plan.routes[person]:
        place = day.visits[other.visit].place
        place = here if place is None else place
        if other == stop:
            return other.start - day.travel_min[here][place] > now
        here = place
    raise AssertionError


def test_an_urgent_visit_is_at_the_door_soon_and_what_it_displaces_is_said() -> None:
    travel = [[0.0, 10.0, 10.0], [10.0, 0.0, 10.0], [10.0, 10.0, 0.0]]
    day = create_day(2, 1, 1)
    routine = tuple(Visit(f"v{n}", n, 0.0 if n == 1 else 30.0, 60.0, (Job("look", 20.0, (0,)),)) for n in (1, 2))
    day = Day(routine, day.staff[:1], travel)
    plan = create_plan(day)
    assert [(s.visit, s.start) for s in plan.routes[0]] == [(0, 10.0), (1, 40.0)]
    answer = put_in_urgent(day, plan, create_urgent(day, 15.0), 15.0, seconds=0.05)
    assert [(s.visit, s.start) for s in answer.plan.routes[0]] == [(0, 10.0), (2, 30.0), (1, 55.0)]
    (displaced,) = answer.displaced
    assert (displaced.visit, displaced.start_before, displaced.start, displaced.late_min) == (1, 40.0, 55.0, 0.0)


def test_the_second_half_of_a_visit_keeps_its_gap_to_the_half_that_has_begun() -> None:
    travel = [[0.0, 10.0], [10.0, 0.0]]
    pair = Visit("pair", 1, 0.0, 100.0, (Job("inject", 5.0, (0, 1)), Job("look", 5.0, (0, 1))), (30.0, 40.0))
    day = Day((pair,), create_day(2, 2, 1).staff[:2], travel)
    day = replace(day, staff=tuple(replace(person, home=0) for person in day.staff))
    plan = create_plan(day)
    answer = put_in_urgent(day, plan, create_urgent(day, 12.0), 12.0, seconds=0.05)
    starts = {s.job: s.start for route in answer.plan.routes for s in route if s.visit == 0}
    assert 30.0 <= starts[1] - starts[0] <= 40.0


def test_a_visit_for_nobody_is_refused() -> None:
    day = create_day(4, 2, 1)
    nobody = Visit("x", 1, 0.0, inf, (Job("look", 5.0, ()),))
    with pytest.raises(PlanningError, match="nobody may do look"):
        put_in_urgent(day, create_plan(day), nobody, 0.0, seconds=0.01)


def test_two_hundred_visits_are_answered_within_two_seconds() -> None:
    day = create_day(200, 20, 5)
    plan = create_plan(day)
    begun = time.process_time()
    answer = put_in_urgent(day, plan, create_urgent(day, 200.0), 200.0, seconds=0.2)
    assert time.process_time() - begun < 2.0
    assert answer.day.visits[-1].name == "urgent"
