"""A plan checked against its day, with nothing of the planner's own reckoning. And random days to plan."""

from itertools import pairwise
from math import dist, inf
from random import Random

from cloud.visits.planning.model import Day, Job, Plan, Staff, Visit

CLOSE = 1e-6


def faults(day: Day, plan: Plan) -> list[str]:
    """What is wrong with the plan; nothing: it can be done."""
    found: list[str] = []
    starts: dict[tuple[int, int], float] = {}
    people: dict[tuple[int, int], int] = {}
    for person, route in enumerate(plan.routes):
        here, now = day.staff[person].home, day.staff[person].begins
        for stop in route:
            visit = day.visits[stop.visit]
            job = visit.jobs[stop.job]
            where = here if visit.place is None else visit.place
            if person not in job.staff:
                found.append(f"{day.staff[person].name} may not do {visit.name}")
            if stop.start < now + day.travel_min[here][where] - CLOSE:
                found.append(f"{visit.name} is not reached in time")
            if stop.start < visit.earliest - CLOSE:
                found.append(f"{visit.name} starts before its window")
            if (stop.visit, stop.job) in starts:
                found.append(f"{visit.name} twice")
            starts[stop.visit, stop.job], people[stop.visit, stop.job] = stop.start, person
            here, now = where, stop.start + job.duration_min
    for v, visit in enumerate(day.visits):
        if any((v, j) not in starts for j in range(len(visit.jobs))):
            found.append(f"{visit.name} is left out")
        elif len(visit.jobs) == 2:
            gap = starts[v, 1] - starts[v, 0]
            if people[v, 0] == people[v, 1]:
                found.append(f"{visit.name} has one person for two jobs")
            if not visit.gap[0] - CLOSE <= gap <= visit.gap[1] + CLOSE:
                found.append(f"{visit.name} has a gap of {gap}")
    return found


def cost_of(day: Day, plan: Plan) -> float:
    travel, lateness, worst, overtime, reluctance = 0.0, 0.0, 0.0, 0.0, 0.0
    for person, route in zip(day.staff, plan.routes, strict=True):
        index = day.staff.index(person)
        places = [person.home]
        end = person.begins
        for stop in route:
            visit = day.visits[stop.visit]
            job = visit.jobs[stop.job]
            places.append(places[-1] if visit.place is None else visit.place)
            late = max(0.0, stop.start - visit.latest)
            lateness, worst = lateness + late * visit.weight, max(worst, late)
            end = stop.start + job.duration_min
            if job.reluctance:
                reluctance += job.reluctance[job.staff.index(index)]
        if route:
            end += day.travel_min[places[-1]][person.home]
            places.append(person.home)
        travel += sum(day.travel_min[a][b] for a, b in pairwise(places))
        overtime += max(0.0, end - person.ends)
    costs = day.costs
    return (
        costs.travel * travel
        + costs.lateness * lateness
        + costs.worst_lateness * worst
        + costs.overtime * overtime
        + reluctance
    )


def create_day(visits: int, staff: int, seed: int, *, breaks: bool = False, metric: bool = True) -> Day:
    """A third of the visits take two people: at once, one after the other within a gap, or as they come."""
    chance = Random(seed)
    spots = [(chance.random() * 60, chance.random() * 60) for _ in range(visits + 1)]
    travel = [[dist(a, b) * (1.0 if metric else chance.uniform(0.3, 2.0)) for b in spots] for a in spots]
    made = []
    for v in range(visits):
        jobs = 2 if staff > 1 and chance.random() < 0.33 else 1
        opens = float(chance.randrange(0, 400))
        able = [sorted(chance.sample(range(staff), chance.randint(min(2, staff), staff))) for _ in range(jobs)]
        low = float(chance.randrange(0, 60))
        gap = chance.choice([(0.0, 0.0), (low, low + chance.choice([0.0, 30.0])), (-inf, inf)])
        made.append(
            Visit(
                f"visit {v}",
                v + 1,
                opens,
                opens + chance.choice([0.0, 60.0, 120.0]),
                tuple(
                    Job(f"job {j}", float(chance.randrange(5, 40)), tuple(a), tuple(chance.random() * 3 for _ in a))
                    for j, a in enumerate(able)
                ),
                gap,
                chance.choice([0.5, 1.0, 3.0]),
            )
        )
    if breaks:
        made += [Visit(f"break {s}", None, 200.0, 240.0, (Job("break", 30.0, (s,)),), weight=2.0) for s in range(staff)]
    people = tuple(Staff(f"nurse {s}", home=s % (visits + 1), begins=0.0, ends=480.0) for s in range(staff))
    return Day(tuple(made), people, travel)
