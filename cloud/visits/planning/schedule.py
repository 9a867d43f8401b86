"""Routes and their times while they are being searched.

Visits stand in one order that agrees with every route; so the earliest times follow in one pass, also where two people
meet, and no two visits can wait for each other. `slack` says how long a start may slip before anything gets later than
it is: most candidates of a search need no more than that number.
"""
# ruff: noqa: PLR1730 - calls of max cost more than the rest of these loops

from collections.abc import Sequence
from math import inf

from cloud.visits.planning.layout import Layout
from cloud.visits.planning.model import Plan, Stop
from cloud.visits.planning.settling import settle


class Schedule:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        tasks, first, last = layout.tasks, layout.first, layout.last
        self.before = [-1] * tasks
        self.after = [-1] * tasks
        self.who = [-1] * tasks
        """The person of a task; -1: not in the plan."""
        for s in range(layout.staff):
            self.after[first + s], self.before[last + s] = last + s, first + s
            self.who[first + s] = self.who[last + s] = s
        self.at = list(layout.place)
        """Where the person is after a task; differs from the task's place for breaks only."""
        self.start = list(layout.earliest)
        self.end = [self.start[t] + layout.duration[t] for t in range(tasks)]
        self.slack = [inf] * tasks
        self.order: list[int] = []
        self.rank = [-1] * last + [1 << 30] * layout.staff
        """By task: the place of its visit in the order."""
        self.travel = self.late_cost = self.worst = self.reluctance = 0.0
        self._miles = [0.0] * layout.staff
        """Travel by person."""
        self.pass_times(0)

    @property
    def cost(self) -> float:
        costs = self.layout.day.costs
        return costs.travel * self.travel + self.late_cost + costs.worst_lateness * self.worst + self.reluctance

    def copy_from(self, other: "Schedule") -> None:
        self.before[:] = other.before
        self.after[:] = other.after
        self.who[:] = other.who
        self.at[:] = other.at
        self.start[:] = other.start
        self.end[:] = other.end
        self.slack[:] = other.slack
        self.order[:] = other.order
        self.rank[:] = other.rank
        self._miles[:] = other._miles
        self.travel, self.late_cost, self.worst, self.reluctance = (
            other.travel,
            other.late_cost,
            other.worst,
            other.reluctance,
        )

    def copy(self) -> "Schedule":
        twin = Schedule.__new__(Schedule)
        twin.layout = self.layout
        for name in ("before", "after", "who", "at", "start", "end", "slack", "order", "rank", "_miles"):
            setattr(twin, name, list(getattr(self, name)))
        twin.travel, twin.late_cost, twin.worst, twin.reluctance = (
            self.travel,
            self.late_cost,
            self.worst,
            self.reluctance,
        )
        return twin

    def routes(self) -> tuple[tuple[int, ...], ...]:
        """Jobs by person."""
        found = []
        for s in range(self.layout.staff):
            route, t = [], self.after[self.layout.first + s]
            while t < self.layout.last:
                route.append(t)
                t = self.after[t]
            found.append(tuple(route))
        return tuple(found)

    def lay(self, routes: Sequence[Sequence[int]], order: Sequence[int]) -> None:
        """Takes these routes, and an order of visits that agrees with them, in place of its own."""
        layout = self.layout
        self.who[: layout.jobs] = [-1] * layout.jobs
        self.reluctance = 0.0
        for s, route in enumerate(routes):
            p = layout.first + s
            for t in (*route, layout.last + s):
                self.after[p], self.before[t], self.who[t] = t, p, s
                if t < layout.jobs:
                    self.reluctance += next(cost for able, cost in layout.able[t] if able == s)
                p = t
        self.order = list(order)
        self.pass_times(0)

    def plan(self) -> Plan:
        layout = self.layout
        late = [max(0.0, self.start[t] - layout.latest[t]) for t in range(layout.jobs) if self.who[t] >= 0]
        stops = tuple(
            tuple(Stop(v := layout.visit[t], t - layout.tasks_of[v][0], self.start[t]) for t in route)
            for route in self.routes()
        )
        return Plan(stops, tuple(self.order), self.cost, self.travel, sum(late), max(late, default=0.0))

    def take_out(self, visits: list[int]) -> None:
        """Times are not right any more until `pass_times`."""
        tasks_of, before, after, who, able = (
            self.layout.tasks_of,
            self.before,
            self.after,
            self.who,
            self.layout.able,
        )
        for v in visits:
            for t in tasks_of[v]:
                p, n = before[t], after[t]
                after[p], before[n] = n, p
                self.reluctance -= next(cost for s, cost in able[t] if s == who[t])
                who[t] = -1
        gone = set(visits)
        self.order = [v for v in self.order if v not in gone]

    def put_in(self, v: int, places: tuple[int, ...]) -> None:
        """Each task of the visit goes after the task named at its place in `places`; times and costs follow."""
        layout, before, after, who = self.layout, self.before, self.after, self.who
        rank, start = self.rank, self.start
        low, high = -1, 1 << 30
        begin = layout.earliest[layout.tasks_of[v][0]]
        for t, p in zip(layout.tasks_of[v], places, strict=True):
            n = after[p]
            after[p] = before[n] = t
            before[t], after[t] = p, n
            who[t] = s = who[p]
            self.reluctance += next(cost for able, cost in layout.able[t] if able == s)
            low, high = max(low, rank[p]), min(high, rank[n])
            begin = max(begin, self.end[p] + layout.travel[self.at[p]][layout.place[t]])
        index, stop = low + 1, min(high, len(self.order))
        while index < stop and start[layout.tasks_of[self.order[index]][0]] < begin:
            index += 1
        self.order.insert(index, v)
        for i in range(index, len(self.order)):
            for t in layout.tasks_of[self.order[i]]:
                rank[t] = i
        touched = {who[t] for t in layout.tasks_of[v]}
        for s in touched:
            self.travel -= self._miles[s]
        settle(self, v)
        for s in touched:
            self.travel += self._pass_miles(s)

    def find_worst(self) -> None:
        """Of the jobs in the plan."""
        latest, start, who = self.layout.latest, self.start, self.who
        self.worst = max((start[t] - latest[t] for t in range(self.layout.jobs) if who[t] >= 0), default=0.0)
        self.worst = max(0.0, self.worst)

    def _pass_miles(self, s: int) -> float:
        layout, after, at = self.layout, self.after, self.at
        travel, place, last = layout.travel, layout.place, layout.last
        miles = 0.0
        t = layout.first + s
        while t < last:
            n = after[t]
            miles += travel[at[t]][place[n]]
            t = n
        self._miles[s] = miles
        return miles

    def pass_times(self, since: int = 0) -> None:
        """Earliest times of all visits from place `since` of the order on; then slacks and costs of all."""
        layout, start, end, before, at, rank = self.layout, self.start, self.end, self.before, self.at, self.rank
        travel, place, duration, earliest = layout.travel, layout.place, layout.duration, layout.earliest
        tasks_of, gap, nowhere, order = layout.tasks_of, layout.gap, layout.nowhere, self.order
        for i in range(since, len(order)):
            v = order[i]
            tasks = tasks_of[v]
            if len(tasks) == 1:
                t = tasks[0]
                p = before[t]
                rank[t] = i
                where = place[t]
                begin = end[p] + travel[at[p]][where]
                if begin < earliest[t]:
                    begin = earliest[t]
                if where == nowhere:
                    at[t] = at[p]
                start[t] = begin
                end[t] = begin + duration[t]
                continue
            t, u = tasks
            rank[t] = rank[u] = i
            p, q = before[t], before[u]
            begin = end[p] + travel[at[p]][place[t]]
            second = end[q] + travel[at[q]][place[u]]
            if begin < earliest[t]:
                begin = earliest[t]
            if second < earliest[u]:
                second = earliest[u]
            low, high = gap[v]
            if second < begin + low:
                second = begin + low
            if begin < second - high:
                begin = second - high
            start[t], end[t] = begin, begin + duration[t]
            start[u], end[u] = second, second + duration[u]
        self._pass_slacks()

    def _pass_slacks(self) -> None:
        layout, start, end, after, at = self.layout, self.start, self.end, self.after, self.at
        travel, place, latest, weight, slack = layout.travel, layout.place, layout.latest, layout.weight, self.slack
        tasks_of, gap = layout.tasks_of, layout.gap
        lateness = worst = 0.0
        for t in range(layout.last, layout.tasks):
            p = self.before[t]
            leg = travel[at[p]][place[t]]
            start[t] = end[p] + leg
            room = latest[t] - start[t]
            if room < 0.0:
                lateness -= room * weight[t]
                room = 0.0
            slack[t] = room
        for v in reversed(self.order):
            tasks = tasks_of[v]
            for t in tasks:
                n = after[t]
                leg = travel[at[t]][place[n]]
                free = start[n] - end[t] - leg + slack[n]
                room = latest[t] - start[t]
                if room < 0.0:
                    lateness -= room * weight[t]
                    if -room > worst:
                        worst = -room
                    room = 0.0
                slack[t] = room if room < free else free
            if len(tasks) == 2:
                t, u = tasks
                low, high = gap[v]
                one, two = slack[t], slack[u]
                between = start[u] - start[t]
                slack[t] = min(one, between - low + two)
                slack[u] = min(two, high - between + one)
        self.travel = sum([self._pass_miles(s) for s in range(layout.staff)])
        self.late_cost, self.worst = lateness, worst
