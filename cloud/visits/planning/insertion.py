"""The cheapest place for a visit in running routes.

A candidate is priced from the slack of the task behind it. Where the delay fits into the slack the price is exact;
elsewhere it is a lower bound, and the delay is followed (`ripple`) only if the bound still beats the best so far.
"""
# ruff: noqa: PLR1730 - calls of max cost more than the rest of these loops

from collections.abc import Callable
from math import inf

from cloud.visits.planning.ripple import ripple
from cloud.visits.planning.schedule import Schedule

Chance = Callable[[], float]

FAR = 90.0
"""Minutes."""
ALONE = -1.0
"""In place of minutes: what is too far follows from the places themselves."""

Candidate = tuple[float, float, float, int, int]
"""Bound on the cost; bound without lateness of its own; arrival; the task before; the task after."""


def cheapest(schedule: Schedule, v: int, chance: Chance, skipped: float) -> tuple[float, tuple[int, ...]]:
    """Added cost, and the task before each of the visit's jobs.

    `skipped` of the better places are not seen; where that leaves none, all are looked at. With 0 the answer for one
    job is the cheapest of all; for two, the cheapest of those that are `FAR` late or early at most, if there are any.
    """
    tasks = schedule.layout.tasks_of[v]
    if len(tasks) == 1:
        best, places = _single(schedule, tasks[0], chance, skipped)
        return (best, places) if best < inf else _single(schedule, tasks[0], chance, 0.0)
    best, places = _double(schedule, v, chance, skipped, FAR)
    return (best, places) if best < inf else _double(schedule, v, chance, 0.0, inf)


def _candidates(  # noqa: PLR0915 - the innermost loop; calls would cost more than they hold
    schedule: Schedule, t: int, far: float
) -> list[Candidate]:
    """Places for one task, as if it came alone; without those that cost more than a better one surely does.

    `far`: for places that make somebody later than this many minutes the answer may be without them.
    """
    layout = schedule.layout
    after, end, start, at, slack = schedule.after, schedule.end, schedule.start, schedule.at, schedule.slack
    travel, place, last, nowhere = layout.travel, layout.place, layout.last, layout.nowhere
    costs = layout.day.costs
    mile, worst_cost = costs.travel, costs.worst_lateness
    minute, due, open_at, long, where = (
        layout.weight[t],
        layout.latest[t],
        layout.earliest[t],
        layout.duration[t],
        layout.place[t],
    )
    least, worst = layout.least_weight, schedule.worst
    floating = where == nowhere
    row = travel[where]
    alone = far < 0.0
    far_late = far_over = inf if alone else far
    sure = inf
    soonest = open_at + long
    found: list[Candidate] = []
    for s, reluctance in layout.able[t]:
        a = layout.first + s
        while a < last:
            b = after[a]
            if soonest - start[b] - slack[b] > far_over:
                a = b
                continue
            legs = travel[at[a]]
            to = legs[where]
            begin = end[a] + to
            if begin < open_at:
                begin = open_at
            late = begin - due
            if late > far_late:
                break
            next_place = place[b]
            if floating:
                row = legs
            back = row[next_place]
            direct = legs[next_place]
            over = begin + long + back - start[b] - slack[b]
            if next_place == nowhere:
                beyond = place[after[b]]
                direct, back = legs[beyond], row[beyond]
            bound = added = mile * (to + back - direct) + reluctance
            if late > 0.0:
                bound += late * minute
                if late > worst:
                    bound += (late - worst) * worst_cost
            if over > 0.0:
                bound += over * least
            elif alone and bound < sure and next_place != nowhere:
                sure = bound
                far_late = sure / minute if minute > 0.0 else inf
                far_over = sure / least if least > 0.0 else inf
            found.append((bound, added, begin, a, b))
            a = b
    return found


def _single(schedule: Schedule, t: int, chance: Chance, skipped: float) -> tuple[float, tuple[int, ...]]:
    layout = schedule.layout
    start, slack, travel, place = schedule.start, schedule.slack, layout.travel, layout.place
    found = _candidates(schedule, t, ALONE)
    found.sort()
    best, chosen = inf, -1
    for bound, added, begin, a, b in found:
        if bound >= best:
            break
        if skipped and chance() < skipped:
            continue
        where = place[t] if place[t] != layout.nowhere else schedule.at[a]
        ready = begin + layout.duration[t] + travel[where][place[b]]
        if ready - start[b] <= slack[b] and place[b] != layout.nowhere:
            price = bound
        else:
            price = _price(schedule, added, ((t, begin, a, b),), best)
        if price < best:
            best, chosen = price, a
    return best, (chosen,)


def _double(schedule: Schedule, v: int, chance: Chance, skipped: float, far: float) -> tuple[float, tuple[int, ...]]:
    layout = schedule.layout
    t, u = layout.tasks_of[v]
    low, high = layout.gap[v]
    rank, who = schedule.rank, schedule.who
    ones, others = sorted(_candidates(schedule, t, far)), sorted(_candidates(schedule, u, far))
    best, chosen = inf, (-1, -1)
    least = others[0][0] if others else inf
    for bound, added, begin, a, b in ones:
        if bound + least >= best:
            break
        person, before, behind = who[a], rank[a], rank[b]
        for bound_2, added_2, begin_2, c, d in others:
            if bound + bound_2 >= best:
                break
            if who[c] == person or before >= rank[d] or rank[c] >= behind:
                continue
            if skipped and chance() < skipped:
                continue
            second = begin_2 if begin_2 > begin + low else begin + low
            first = begin if begin > second - high else second - high
            price = _price(schedule, added + added_2, ((t, first, a, b), (u, second, c, d)), best)
            if price < best:
                best, chosen = price, (a, c)
    return best, chosen


def _price(schedule: Schedule, added: float, seats: tuple[tuple[int, float, int, int], ...], limit: float) -> float:
    """Exact cost of putting tasks at a start between two neighbours each: (task, start, before, behind)."""
    layout = schedule.layout
    place, travel, start, slack = layout.place, layout.travel, schedule.start, schedule.slack
    costs = layout.day.costs
    cost, worst = added, schedule.worst
    arrivals: dict[int, float] = {}
    for t, begin, a, b in seats:
        late = begin - layout.latest[t]
        if late > 0.0:
            cost += late * layout.weight[t]
            if late > worst:
                worst = late
        where = place[t] if place[t] != layout.nowhere else schedule.at[a]
        ready = begin + layout.duration[t] + travel[where][place[b]]
        if ready - start[b] > slack[b]:
            arrivals[b] = ready
        if place[b] == layout.nowhere and t < layout.jobs:
            beyond = schedule.after[b]
            left = max(ready, start[b]) + layout.duration[b]
            arrivals[b] = ready
            arrivals[beyond] = left + travel[where][place[beyond]]
    if arrivals and cost < limit:
        more, worst = ripple(schedule, arrivals, worst, limit - cost)
        cost += more
    return cost + costs.worst_lateness * (worst - schedule.worst)
