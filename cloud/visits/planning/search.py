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


HOT, COLD = 0.02, 0.0005
"""Temperatures at the start and the end of a search, as shares of a plan's cost."""
FIRST_ROUNDS, LONGER = 150, 1.6
"""Rounds of the first annealing for each job; by how much each is longer than the one before."""


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

    def anew(self, progress: Progress, better: Callable[[], None] | None = None) -> None:
        """Annealings from plans of chance, each longer than the one before, until `progress` says 1.

        One annealing, however long, ends in one valley; small days have several that are nearly as deep.
        """
        rounds = float(FIRST_ROUNDS * self._layout.jobs)
        begin = self.best
        while (begun := progress()) < 1.0 and begin.order:

            def share(begun: float = begun) -> float:
                return (progress() - begun) / (1.0 - begun)

            self.anneal(share, HOT, COLD, better, begin=begin, rounds=int(rounds))
            rounds *= LONGER
            begin = Schedule(self._layout)
            self._fill(begin, list(range(self._layout.visits)), by=6, skipped=0.1)

    def anneal(
        self,
        progress: Progress,
        hot: float,
        cold: float,
        better: Callable[[], None] | None = None,
        *,
        begin: Schedule | None = None,
        rounds: int | None = None,
    ) -> None:
        """From `begin`, or the best plan, until `progress` says 1 or the rounds are over.

        Temperatures are shares of the best plan's cost.
        """
        chance = self._chance.random
        current = (begin or self.best).copy()
        trial = current.copy()
        price = current.cost
        best_price = self.best.cost
        scale = max(best_price, 1.0)
        ratio = cold / hot
        heat = hot * scale
        count = 0
        if not current.order:
            return
        while True:
            if count % 8 == 0:
                done = progress()
                if rounds is not None:
                    done = max(done, count / rounds)
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
