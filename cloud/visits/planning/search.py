"""Large-neighbourhood search: take some visits out, put them back where they are cheapest, and keep what is better.

What is worse is kept sometimes, the more seldom the colder it is (simulated annealing over the time there is).
"""

from collections.abc import Callable
from math import inf, log
from random import Random

from cloud.visits.planning.insertion import cheapest
from cloud.visits.planning.layout import Layout
from cloud.visits.planning.ruin import Ruin
from cloud.visits.planning.schedule import Schedule

Progress = Callable[[], float]
"""How much of the time is over: 0 at the start, 1 at the end."""


class Search:
    """One annealing after another from the best plan so far. `best` is complete from the start on.

    It begins with `begin`, to which the visits that are not in it are added, or with an empty plan.
    """

    def __init__(self, layout: Layout, seed: int, begin: Schedule | None = None) -> None:
        self._layout = layout
        self._chance = Random(seed)  # noqa: S311 - a search, not a secret
        self._ruin = Ruin(layout, self._chance)
        self.rounds = 0
        self.best = Schedule(layout) if begin is None else begin.copy()
        self._fill(self.best, sorted(set(range(layout.visits)) - set(self.best.order)), by=0, skipped=0.0)

    def anneal(self, progress: Progress, hot: float, cold: float, better: Callable[[], None] | None = None) -> None:
        """From the best plan, until `progress` says 1; temperatures are shares of that plan's cost."""
        chance = self._chance.random
        current = self.best.copy()
        trial = self.best.copy()
        price = current.cost
        best_price = price
        scale = max(price, 1.0)
        ratio = cold / hot
        heat = hot * scale
        count = 0
        if not current.order:
            return
        while True:
            if count % 8 == 0:
                done = progress()
                if done >= 1.0:
                    break
                heat = hot * scale * ratio**done
            count += 1
            trial.copy_from(current)
            gone = self._choose(trial)
            trial.take_out(gone)
            trial.pass_times(0)
            limit = price + heat * -log(chance() or 1e-300)
            if not self._fill(trial, gone, by=int(chance() * 7), skipped=0.02, limit=limit):
                continue
            cost = trial.cost
            if cost < limit:
                current, trial = trial, current
                price = cost
                if cost < best_price - 1e-7:
                    best_price = cost
                    self.best.copy_from(current)
                    if better is not None:
                        better()
        self.rounds += count

    def _choose(self, schedule: Schedule) -> list[int]:
        chance = self._chance.random
        dice = chance()
        n = len(schedule.order)
        if dice < 0.6:
            return self._ruin.strings(schedule, average=min(8.0, 1.0 + n * 0.25), longest=8)
        how_many = 1 + int(chance() * min(9, max(1, n // 2)))
        if dice < 0.75:
            return self._ruin.scattered(schedule, how_many)
        if dice < 0.9:
            return self._ruin.related(schedule, how_many)
        return self._ruin.dearest(schedule, how_many)

    def _fill(self, schedule: Schedule, visits: list[int], by: int, skipped: float, limit: float = inf) -> bool:
        """Puts the visits back; False as soon as the plan costs more than `limit`."""
        layout, chance = self._layout, self._chance
        chance.shuffle(visits)
        tasks_of, latest, earliest = layout.tasks_of, layout.latest, layout.earliest
        if by == 0:
            visits.sort(key=lambda v: latest[tasks_of[v][0]])
        elif by == 1:
            visits.sort(key=lambda v: -len(tasks_of[v]))
        elif by == 2:
            visits.sort(key=lambda v: sum(len(layout.able[t]) for t in tasks_of[v]) / len(tasks_of[v]) ** 2)
        elif by == 3:
            visits.sort(key=lambda v: -earliest[tasks_of[v][0]])
        elif by == 4:
            home = layout.travel[layout.place[layout.first]]
            visits.sort(key=lambda v: -home[layout.place[tasks_of[v][0]]])
        for v in visits:
            schedule.put_in(v, cheapest(schedule, v, chance.random, skipped)[1])
            if schedule.cost > limit:
                return False
        return True
