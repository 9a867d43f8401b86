"""Times, slacks and costs after one visit was put in: only what changes is reckoned again.

Starts change down the routes from the new visit, slacks up the routes from what has changed. A whole pass over a day
of a hundred visits costs ten times as much, and a search puts in thousands of visits a second.
"""
# ruff: noqa: PLR1730 - calls of max cost more than the rest of these loops

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloud.visits.planning.schedule import Schedule


def settle(schedule: "Schedule", v: int) -> None:
    """The visit stands in its routes and in the order, which is numbered; everything else is as it was without it."""
    behind = _starts(schedule, v)
    _slacks(schedule, behind)


def _starts(schedule: "Schedule", v: int) -> set[int]:  # noqa: PLR0912, PLR0915 - one pass; calls would cost more
    """Returns the ranks whose slacks may have changed."""
    layout = schedule.layout
    start, end, before, after, at = schedule.start, schedule.end, schedule.before, schedule.after, schedule.at
    rank, order, slack = schedule.rank, schedule.order, schedule.slack
    travel, place, duration, earliest = layout.travel, layout.place, layout.duration, layout.earliest
    latest, weight, tasks_of, last = layout.latest, layout.weight, layout.tasks_of, layout.last
    nowhere = layout.nowhere
    new = layout.tasks_of[v]
    for t in new:
        start[t] = -1.0
    heap = [rank[new[0]]]
    behind: set[int] = set()
    ends: set[int] = set()
    done = -1
    lateness, worst, fallen = 0.0, schedule.worst, False
    while heap:
        i = heappop(heap)
        if i == done:
            continue
        done = i
        w = order[i]
        tasks = tasks_of[w]
        begins = []
        for t in tasks:
            p = before[t]
            begin = end[p] + travel[at[p]][place[t]]
            begins.append(begin if begin > earliest[t] else earliest[t])
        if len(tasks) == 2:
            low, high = layout.gap[w]
            if begins[1] < begins[0] + low:
                begins[1] = begins[0] + low
            if begins[0] < begins[1] - high:
                begins[0] = begins[1] - high
        for t, begin in zip(tasks, begins, strict=True):
            old = start[t]
            if place[t] == nowhere:
                at[t] = at[before[t]]
            elif begin == old:
                continue
            due = latest[t]
            if old > due:
                lateness -= (old - due) * weight[t]
                fallen = fallen or (begin < old and old - due >= worst)
            if begin > due:
                lateness += (begin - due) * weight[t]
                if begin - due > worst:
                    worst = begin - due
            start[t] = begin
            end[t] = begin + duration[t]
            behind.add(i)
            if before[t] < layout.jobs:
                behind.add(rank[before[t]])
            n = after[t]
            if n >= last:
                ends.add(n)
            else:
                heappush(heap, rank[n])
    for n in ends:
        p = before[n]
        begin = end[p] + travel[at[p]][place[n]]
        old_late = start[n] - latest[n] if start[n] > latest[n] else 0.0
        late = begin - latest[n] if begin > latest[n] else 0.0
        lateness += (late - old_late) * weight[n]
        start[n] = begin
        slack[n] = latest[n] - begin if late == 0.0 else 0.0
    schedule.late_cost += lateness
    schedule.worst = worst
    if fallen:
        schedule.find_worst()
    return behind


def _slacks(schedule: "Schedule", behind: set[int]) -> None:
    layout = schedule.layout
    start, end, before, after, at = schedule.start, schedule.end, schedule.before, schedule.after, schedule.at
    rank, order, slack = schedule.rank, schedule.order, schedule.slack
    travel, place, latest, jobs, tasks_of = layout.travel, layout.place, layout.latest, layout.jobs, layout.tasks_of
    heap = [-i for i in behind]
    heap.sort()
    done = 1
    while heap:
        i = heappop(heap)
        if i == done:
            continue
        done = i
        w = order[-i]
        tasks = tasks_of[w]
        rooms = []
        for t in tasks:
            n = after[t]
            free = start[n] - end[t] - travel[at[t]][place[n]] + slack[n]
            room = latest[t] - start[t]
            if room < 0.0:
                room = 0.0
            rooms.append(room if room < free else free)
        if len(tasks) == 2:
            low, high = layout.gap[w]
            one, two = rooms
            between = start[tasks[1]] - start[tasks[0]]
            rooms = [min(one, between - low + two), min(two, high - between + one)]
        for t, room in zip(tasks, rooms, strict=True):
            if room != slack[t]:
                slack[t] = room
                if before[t] < jobs:
                    heappush(heap, -rank[before[t]])
