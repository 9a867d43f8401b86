"""An urgent visit put into routes that are being driven, and what it displaces.

What has begun, and the door that somebody is driving to, stays as it is. The rest may move, but a visit that changes
its nurse pays for it: people have been told who comes.
"""

from dataclasses import dataclass, replace
from math import inf
from time import monotonic

from cloud.visits.planning.layout import Layout
from cloud.visits.planning.model import Day, Job, Plan, Staff, Stop, Visit
from cloud.visits.planning.schedule import Schedule
from cloud.visits.planning.search import Search

OTHER_NURSE = 8.0
"""Cost of giving a visit that was announced to another nurse."""
NOTICED_MIN = 1.0
"""A start that moves by less has not moved."""
HOT, COLD = 0.01, 0.001


@dataclass(frozen=True)
class Displaced:
    """A visit that no longer happens as it was planned; indices are those of the day that is answered."""

    visit: int
    job: int
    nurse_before: int
    nurse: int
    start_before: float
    start: float
    late_min: float
    """Past what was promised; 0: the promise is kept all the same."""


@dataclass(frozen=True)
class Inserted:
    day: Day
    """The day with the urgent visit, which is its last."""
    plan: Plan
    """Of the whole day; what has begun is in it unchanged. Its cost is that of what is still to be done."""
    displaced: tuple[Displaced, ...]


def put_in_urgent(  # noqa: PLR0917 - a running day is its plan and its time
    day: Day, plan: Plan, urgent: Visit, now: float, seconds: float = 1.0, seed: int = 1
) -> Inserted:
    """Answers after `seconds` and some hundredths. `now` is in minutes of the day.

    Raises PlanningError when nobody may do the visit.
    """
    until = monotonic() + seconds
    whole = Day(
        (*day.visits, replace(urgent, earliest=max(urgent.earliest, now))), day.staff, day.travel_min, day.costs
    )
    rest = _rest_of(whole, plan, now)
    layout = Layout(rest.day)
    begin = Schedule(layout)
    number = {v: i for i, v in enumerate(rest.visits)}
    routes = [[layout.tasks_of[number[v]][rest.jobs[v].index(j)] for v, j in route] for route in rest.routes]
    begin.lay(routes, [number[v] for v in plan.order if v in number])
    search = Search(layout, seed, begin)
    begun = monotonic()
    search.anneal(lambda: (monotonic() - begun) / max(1e-3, until - begun), HOT, COLD)
    better = _whole_plan(whole, rest, search.best, plan)
    return Inserted(whole, better, _displaced(whole, plan, better))


@dataclass(frozen=True)
class _Rest:
    day: Day
    visits: tuple[int, ...]
    """Numbers in the whole day, by number in the rest."""
    jobs: dict[int, tuple[int, ...]]
    """By number in the whole day: the jobs that have not begun."""
    begun: tuple[tuple[Stop, ...], ...]
    routes: tuple[tuple[tuple[int, int], ...], ...]
    """What was planned and has not begun: visit and job."""


def _rest_of(day: Day, plan: Plan, now: float) -> _Rest:
    begun, routes, staff = [], [], []
    for person, route in zip(day.staff, plan.routes, strict=True):
        gone, here, free = _gone(day, person, route, now)
        begun.append(route[:gone])
        routes.append(tuple((stop.visit, stop.job) for stop in route[gone:]))
        staff.append(
            replace(person, starts_at=here, begins=max(free, now))
        )  # who waits leaves from there, and not before now
    started = {(stop.visit, stop.job): (s, stop.start) for s, route in enumerate(begun) for stop in route}
    was = {(stop.visit, stop.job): s for s, route in enumerate(plan.routes) for stop in route}
    visits, numbers, jobs = [], [], {}
    for v, visit in enumerate(day.visits):
        left = tuple(j for j in range(len(visit.jobs)) if (v, j) not in started)
        if not left:
            continue
        other = next((started[v, j] for j in range(len(visit.jobs)) if (v, j) in started), None)
        jobs[v] = left
        numbers.append(v)
        visits.append(_left_of(visit, left, other, [was.get((v, j)) for j in left]))
    return _Rest(
        Day(tuple(visits), tuple(staff), day.travel_min, day.costs), tuple(numbers), jobs, tuple(begun), tuple(routes)
    )


def _gone(day: Day, person: Staff, route: tuple[Stop, ...], now: float) -> tuple[int, int, float]:
    """How many stops are done, being done or driven to; where the person is after them, and from when."""
    here = person.home if person.starts_at is None else person.starts_at
    free = person.begins
    for count, stop in enumerate(route):
        visit = day.visits[stop.visit]
        place = here if visit.place is None else visit.place
        if stop.start - day.travel_min[here][place] > now:
            return count, here, free
        here, free = place, stop.start + visit.jobs[stop.job].duration_min
    return len(route), here, free


def _left_of(visit: Visit, left: tuple[int, ...], other: tuple[int, float] | None, was: list[int | None]) -> Visit:
    """The jobs that have not begun; a job whose partner is under way keeps the gap to it as its window."""
    jobs = []
    for j, nurse in zip(left, was, strict=True):
        job = visit.jobs[j]
        costs = job.reluctance or (0.0,) * len(job.staff)
        pairs = [
            (s, cost + (OTHER_NURSE if nurse is not None and s != nurse else 0.0))
            for s, cost in zip(job.staff, costs, strict=True)
            if other is None or s != other[0]
        ]
        jobs.append(Job(job.name, job.duration_min, tuple(s for s, _ in pairs), tuple(cost for _, cost in pairs)))
    if other is None:
        return replace(visit, jobs=tuple(jobs))
    low, high = visit.gap if left == (1,) else (-visit.gap[1], -visit.gap[0])
    earliest = max(visit.earliest, other[1] + low)
    latest = max(earliest, min(visit.latest, other[1] + high))
    return replace(visit, jobs=tuple(jobs), earliest=earliest, latest=latest, gap=(-inf, inf))


def _whole_plan(day: Day, rest: _Rest, schedule: Schedule, before: Plan) -> Plan:
    left = schedule.plan()
    routes = tuple(
        (*begun, *(Stop(v := rest.visits[stop.visit], rest.jobs[v][stop.job], stop.start) for stop in route))
        for begun, route in zip(rest.begun, left.routes, strict=True)
    )
    again = [rest.visits[v] for v in left.order]
    order = (*(v for v in before.order if v not in set(again)), *again)
    late = [max(0.0, stop.start - day.visits[stop.visit].latest) for route in routes for stop in route]
    return Plan(routes, order, left.cost, left.travel, sum(late), max(late, default=0.0))


def _displaced(day: Day, before: Plan, after: Plan) -> tuple[Displaced, ...]:
    was = {(stop.visit, stop.job): (s, stop.start) for s, route in enumerate(before.routes) for stop in route}
    found = []
    for s, route in enumerate(after.routes):
        for stop in route:
            nurse, start = was.get((stop.visit, stop.job), (s, stop.start))
            if nurse != s or abs(stop.start - start) >= NOTICED_MIN:
                late = max(0.0, stop.start - day.visits[stop.visit].latest)
                found.append(Displaced(stop.visit, stop.job, nurse, s, start, stop.start, late))
    return tuple(sorted(found, key=lambda d: (d.start, d.visit, d.job)))
