"""Which visits to take out of a plan before they are put back better.

Strings of neighbouring stops are taken out of routes that pass near one another (slack induction by string removals,
Christiaens and Vanden Berghe 2020); beside that, the dearest visits, visits at about the same time, and any.
"""

from random import Random

from cloud.visits.planning.layout import Layout
from cloud.visits.planning.schedule import Schedule


class Ruin:
    def __init__(self, layout: Layout, chance: Random) -> None:
        self._layout = layout
        self._chance = chance
        visits = layout.visits
        first = [layout.tasks_of[v][0] for v in range(visits)]
        span = max((max(row) for row in layout.travel), default=1.0) or 1.0
        self._near: list[list[int]] = []
        """By visit: the others, near in place and window first."""
        for v in range(visits):
            t = first[v]

            def apart(w: int, t: int = t) -> float:
                u = first[w]
                hours = abs(layout.earliest[t] - layout.earliest[u])
                return layout.travel[layout.place[t]][layout.place[u]] / span + 0.15 * hours / 60.0

            self._near.append(sorted(range(visits), key=apart))

    def strings(self, schedule: Schedule, average: float, longest: int) -> list[int]:
        layout, chance = self._layout, self._chance
        if not schedule.order:
            return []
        routes = sum(1 for s in range(layout.staff) if schedule.after[layout.first + s] < layout.last)
        length = len(schedule.order) / max(1, routes)
        limit = min(float(longest), max(2.0, length))
        how_many = int(chance.random() * (4.0 * average / (1.0 + limit))) + 1
        seed = schedule.order[int(chance.random() * len(schedule.order))]
        gone: set[int] = set()
        ruined: set[int] = set()
        for v in self._near[seed]:
            if len(ruined) >= how_many:
                break
            tasks = layout.tasks_of[v]
            t = tasks[0] if len(tasks) == 1 else tasks[int(chance.random() * 2)]
            s = schedule.who[t]
            if v in gone or s < 0 or s in ruined:
                continue
            ruined.add(s)
            route = []
            task = schedule.after[layout.first + s]
            while task < layout.last:
                route.append(task)
                task = schedule.after[task]
            cut = min(int(chance.random() * limit) + 1, len(route))
            here = route.index(t)
            low = max(0, here - cut + 1)
            high = min(here, len(route) - cut)
            begin = low + int(chance.random() * (high - low + 1))
            gone.update(layout.visit[x] for x in route[begin : begin + cut])
        return list(gone)

    def scattered(self, schedule: Schedule, how_many: int) -> list[int]:
        return self._chance.sample(schedule.order, min(how_many, len(schedule.order)))

    def related(self, schedule: Schedule, how_many: int) -> list[int]:
        """Near in place and time, with some chance in the choice."""
        chance = self._chance
        seed = schedule.order[int(chance.random() * len(schedule.order))]
        near = [v for v in self._near[seed] if schedule.who[self._layout.tasks_of[v][0]] >= 0]
        gone = {seed}
        while len(gone) < min(how_many, len(near)):
            gone.add(near[int(chance.random() ** 3 * len(near))])
        return list(gone)

    def dearest(self, schedule: Schedule, how_many: int) -> list[int]:
        """Those whose lateness and detour cost most, with some chance in the choice."""
        layout, chance = self._layout, self._chance
        travel, place, before, after, at = (
            layout.travel,
            layout.place,
            schedule.before,
            schedule.after,
            schedule.at,
        )
        priced = []
        for v in schedule.order:
            cost = 0.0
            for t in layout.tasks_of[v]:
                p, n = before[t], after[t]
                legs = travel[at[p]]
                cost += layout.day.costs.travel * (legs[place[t]] + travel[at[t]][place[n]] - legs[place[n]])
                cost += layout.weight[t] * max(0.0, schedule.start[t] - layout.latest[t])
            priced.append((-cost, v))
        priced.sort()
        gone: set[int] = set()
        while len(gone) < min(how_many, len(priced)):
            gone.add(priced[int(chance.random() ** 4 * len(priced))][1])
        return list(gone)
