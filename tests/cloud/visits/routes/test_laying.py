"""A team's routes from what stands: nothing twice, nothing lost, what is fixed stays, what is urgent goes first."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cloud.detection.model import Priority
from cloud.routes_config import Routes
from cloud.visits.model import VisitState
from cloud.visits.routes.keeping.moves import moves_of
from cloud.visits.routes.laying import lay, plan_team
from cloud.visits.routes.model import Door, Moved, OpenVisit, Person, Stop, Team, TeamPlan
from cloud.visits.routes.pricing import price_of
from tests.cloud.visits.routes.teams import HOUR, NOW, REGION, ZONE, as_kept, create_team, create_visit

ROUTES = Routes()
MINUTE = timedelta(minutes=1)
STATES = [
    *[VisitState.PROPOSED] * 3,
    VisitState.ASSIGNED,
    VisitState.ACCEPTED,
    VisitState.TRAVELLING,
    VisitState.AT_THE_DOOR,
]


def planned(team: Team, now: datetime = NOW, routes: Routes = ROUTES, seconds: float = 0.0) -> TeamPlan:
    return plan_team(lay(team, now, routes, {}), routes, seconds)


def stop_of(plan: TeamPlan, visit_id: int) -> Stop:
    (found,) = [stop for stop in plan.stops if stop.visit_id == visit_id]
    return found


def why_not(plan: TeamPlan, visit_id: int) -> str:
    (found,) = [one.why for one in plan.not_planned if one.visit_id == visit_id]
    return found


@st.composite
def teams(draw: st.DrawFn) -> Team:
    count = draw(st.integers(0, 12))
    visits = []
    for number in range(1, count + 1):
        state = draw(st.sampled_from(STATES))
        nurse = None if state is VisitState.PROPOSED else draw(st.sampled_from([7, 8, 99]))
        together = draw(st.sampled_from([None, None, None, number - 1])) if number > 1 else None
        visits.append(
            create_visit(
                number,
                elder_id=draw(st.integers(1, 6)),
                state=state,
                nurse_id=nurse,
                priority=draw(st.sampled_from(list(Priority))),
                promised_by=NOW + draw(st.integers(-3, 80)) * HOUR,
                from_at=draw(st.sampled_from([None, NOW + 2 * HOUR, NOW + 26 * HOUR])),
                together_with=together,
                skills=draw(st.sampled_from([frozenset(), frozenset({"wound"})])),
                pinned_to=draw(st.sampled_from([None, None, 7, 99])),
                wished_sex=draw(st.sampled_from([None, "female"])),
                refused_by=draw(st.sampled_from([frozenset(), frozenset({8})])),
            )
        )
    people = draw(
        st.sampled_from(
            [
                (),
                (Person(7, REGION),),
                (Person(7, REGION, frozenset({"wound"}), sex="female"), Person(8, REGION)),
                (Person(7, REGION, works_from=time(20), works_to=time(23)), Person(8, REGION, frozenset({"wound"}))),
            ]
        )
    )
    return create_team(*visits, people=people)


@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(teams(), st.integers(0, 23))
def test_every_open_visit_stands_in_one_route_or_is_not_planned_with_a_reason(team: Team, hour: int) -> None:
    now = NOW.replace(hour=hour)
    plan = planned(team, now)
    placed = [stop.visit_id for stop in plan.stops] + [one.visit_id for one in plan.not_planned]
    assert sorted(placed) == sorted(visit.visit_id for visit in team.visits)
    again = planned(replace(team, visits=tuple(as_kept(visit, plan) for visit in team.visits)), now)
    assert len(again.stops) + len(again.not_planned) == len(team.visits)


def test_a_nurse_is_at_one_door_at_a_time() -> None:
    plan = planned(create_team(*(create_visit(n) for n in range(1, 25))))
    assert len(plan.stops) == 24
    for nurse in (7, 8):
        route = sorted((stop for stop in plan.stops if stop.nurse_id == nurse), key=lambda stop: stop.arrives_at)
        for before, after in pairwise(route):
            assert after.arrives_at >= before.leaves_at + timedelta(minutes=after.travel_min) - MINUTE


def test_what_is_accepted_stays_with_its_nurse_and_what_is_pinned_goes_where_it_was_pinned() -> None:
    accepted = create_visit(1, state=VisitState.ACCEPTED, nurse_id=8)
    pinned = create_visit(2, pinned_to=7, pinned_at=NOW + 2 * HOUR, skills=frozenset({"wound"}))
    plan = planned(create_team(accepted, pinned))
    assert stop_of(plan, 1).nurse_id == 8
    assert stop_of(plan, 2).nurse_id == 7
    assert stop_of(plan, 2).arrives_at == NOW + 2 * HOUR


def test_two_who_go_together_meet() -> None:
    plan = planned(create_team(create_visit(1), create_visit(2, elder_id=1, together_with=1)))
    first, second = stop_of(plan, 1), stop_of(plan, 2)
    assert first.arrives_at == second.arrives_at
    assert first.nurse_id != second.nurse_id


def test_one_elders_visits_are_one_call_unless_two_nurses_have_them() -> None:
    alert, regular = create_visit(1), create_visit(2, elder_id=1, door=create_visit(1).door)
    plan = planned(create_team(alert, regular))
    assert stop_of(plan, 1).arrives_at == stop_of(plan, 2).arrives_at
    assert stop_of(plan, 1).nurse_id == stop_of(plan, 2).nurse_id
    split = planned(
        create_team(
            replace(alert, state=VisitState.ACCEPTED, nurse_id=7),
            replace(regular, state=VisitState.ACCEPTED, nurse_id=8),
        )
    )
    assert (stop_of(split, 1).nurse_id, stop_of(split, 2).nurse_id) == (7, 8)


@pytest.mark.parametrize(
    ("visit", "people", "why"),
    [
        (create_visit(1, skills=frozenset({"wound"})), None, "no_skill"),
        (create_visit(1, words=frozenset({"hypoglycaemia"})), None, "no_skill"),
        (create_visit(1, wished_sex="female"), None, "nobody_wished"),
        (create_visit(1, refused_by=frozenset({7, 8})), None, "nobody_wished"),
        (create_visit(1, state=VisitState.ACCEPTED, nurse_id=99), None, "pin_away"),
        (create_visit(1), (), "no_nurse"),
        (create_visit(1), (Person(7, 1, away=((NOW.date(), NOW.date() + timedelta(days=9)),)),), "no_nurse"),
        (create_visit(1, region_id=2), None, "nobody_wished"),
    ],
)
def test_what_nobody_can_do_is_said(visit: OpenVisit, people: tuple[Person, ...] | None, why: str) -> None:
    routes = Routes(skills={"hypoglycaemia": ["diabetes"]})
    assert why_not(planned(create_team(visit, people=people), routes=routes), 1) == why


def test_somebody_in_need_is_not_left_waiting_for_a_wish() -> None:
    plan = planned(create_team(create_visit(1, wished_sex="female", priority=Priority.NOW)))
    assert stop_of(plan, 1).arrives_at < NOW + timedelta(minutes=30)


def test_who_is_on_duty_is_called_outside_of_hours_for_what_is_urgent_alone() -> None:
    night = NOW.replace(hour=22)
    urgent = create_visit(1, priority=Priority.NOW, promised_by=night + timedelta(minutes=30))
    plan = planned(create_team(urgent, create_visit(2, promised_by=night + HOUR)), night)
    assert stop_of(plan, 1).arrives_at < night + timedelta(minutes=30)
    assert stop_of(plan, 2).arrives_at >= (night + timedelta(days=1)).replace(hour=8)


def test_a_full_day_goes_on_tomorrow_and_the_last_one_is_said_to_be_full() -> None:
    visits = [create_visit(n, minutes=240, promised_by=NOW + 9 * HOUR) for n in range(1, 8)]
    routes = Routes(days_ahead=1, pause_min=0)
    plan = planned(create_team(*visits, people=(Person(7, REGION),)), routes=routes)
    assert {one.why for one in plan.not_planned} == {"day_full"}
    assert {stop.day for stop in plan.stops} == {NOW.date(), NOW.date() + timedelta(days=1)}
    assert len(plan.stops) + len(plan.not_planned) == 7


def test_a_nurse_goes_on_from_where_she_is_when_she_is_free() -> None:
    there = create_visit(1, state=VisitState.AT_THE_DOOR, nurse_id=7, since=NOW - timedelta(minutes=10))
    next_one = create_visit(2)
    plan = planned(create_team(there, next_one, people=(Person(7, REGION),)))
    assert stop_of(plan, 1).leaves_at == NOW + timedelta(minutes=20)
    assert NOW + timedelta(minutes=22) <= stop_of(plan, 2).arrives_at < NOW + timedelta(minutes=30)


def test_homes_without_a_place_are_planned_too() -> None:
    visits = [create_visit(n, door=Door(f"home-{n}", None)) for n in range(1, 5)]
    plan = planned(create_team(*visits))
    assert len(plan.stops) == 4
    assert all(stop.travel_min >= ROUTES.unknown_min for stop in plan.stops)


def test_an_urgent_visit_comes_between_and_what_it_makes_late_is_promised_anew() -> None:
    team = create_team(*(create_visit(n, promised_by=NOW + n * HOUR) for n in range(1, 4)), people=(Person(7, REGION),))
    before = planned(team)
    kept = tuple(as_kept(visit, before) for visit in team.visits)
    tight = (replace(kept[0], promised_by=stop_of(before, 1).arrives_at + MINUTE), *kept[1:])
    urgent = create_visit(9, priority=Priority.NOW, promised_by=NOW + timedelta(minutes=30))
    after = planned(replace(team, visits=(*tight, urgent)))
    assert min(after.stops, key=lambda stop: stop.arrives_at).visit_id == 9
    moves = {move.visit_id: move for move in moves_of((*tight, urgent), after.stops, NOW, 15)}
    assert 9 not in moves
    assert (moves[1].why, moves[1].because_id) == (Moved.URGENT, 9)
    assert moves[1].promised_by > stop_of(after, 1).arrives_at
    assert all(move.promised_by == move.promised_before for move in moves.values() if move.visit_id != 1)


def test_another_time_is_told_with_its_reason_and_a_small_one_is_not() -> None:
    team = create_team(create_visit(1), create_visit(2), people=(Person(7, REGION),))
    before = planned(team)
    kept = tuple(as_kept(visit, before) for visit in team.visits)
    soon = planned(replace(team, visits=kept), NOW + timedelta(minutes=5))
    assert moves_of(kept, soon.stops, NOW, 15) == []
    late = planned(replace(team, visits=kept), NOW + timedelta(minutes=40))
    assert {move.why for move in moves_of(kept, late.stops, NOW, 15)} == {Moved.LATER}
    assert {move.why for move in moves_of(kept, late.stops, NOW, 15, anew=True)} == {Moved.BETTER}
    other = [replace(stop, nurse_id=8) for stop in before.stops]
    assert {move.why for move in moves_of(kept, other, NOW, 15)} == {Moved.NURSE}


def test_who_waited_for_a_nurse_who_is_away_is_promised_anew() -> None:
    team = create_team(create_visit(1, promised_by=NOW + HOUR), people=(Person(7, REGION),))
    before = planned(team)
    kept = as_kept(team.visits[0], before)
    today = stop_of(before, 1).day
    away = Person(7, REGION, away=((today, today + timedelta(days=1)),))
    late = [replace(stop, nurse_id=8, arrives_at=NOW + 2 * HOUR) for stop in before.stops]
    (move,) = moves_of([kept], late, NOW, 15, people=(away, Person(8, REGION)))
    assert move.why is Moved.AWAY
    assert move.promised_by == NOW + 2 * HOUR + timedelta(minutes=15)
    (in_time,) = moves_of([kept], [replace(one, arrives_at=NOW + MINUTE) for one in late], NOW, 15, people=(away,))
    assert (in_time.why, in_time.promised_by) == (Moved.AWAY, in_time.promised_before)


def test_a_move_costs_what_it_costs_and_breaks_what_it_breaks() -> None:
    visits = [create_visit(n, promised_by=NOW + timedelta(minutes=45 * n)) for n in range(1, 5)]
    team = create_team(*visits, people=(Person(7, REGION), Person(8, REGION, sex="male")))
    plan = planned(team, seconds=0.05)
    kept = replace(team, visits=tuple(as_kept(visit, plan) for visit in team.visits))
    mine = stop_of(plan, 1)
    same = price_of(kept, kept.visits[0], mine.nurse_id, None, NOW, ROUTES, {})
    assert abs(same.travel_min) < 1
    assert not same.late
    late = price_of(kept, kept.visits[0], mine.nurse_id, NOW + 5 * HOUR, NOW, ROUTES, {})
    assert [one.visit_id for one in late.late] == [1]
    assert late.arrives_at == NOW + 5 * HOUR
    wished = replace(kept, visits=(replace(kept.visits[0], wished_sex="female"), *kept.visits[1:]))
    assert price_of(wished, wished.visits[0], 8, None, NOW, ROUTES, {}).not_wished
    nobody = price_of(kept, kept.visits[0], 99, None, NOW, ROUTES, {})
    assert (nobody.arrives_at, nobody.why_not) == (None, "pin_away")


def test_a_day_begins_at_midnight_of_the_homes() -> None:
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=ZONE)
    plan = planned(create_team(create_visit(1, promised_by=evening + 24 * HOUR)), evening)
    assert stop_of(plan, 1).arrives_at.astimezone(ZONE).hour == 8
    assert stop_of(plan, 1).day == evening.date() + timedelta(days=1)
