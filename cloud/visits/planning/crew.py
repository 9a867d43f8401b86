"""Several searches at once, one a processor core, that tell each other the best plan half-way.

There is a whole plan from the first moment, and each better one is handed on as soon as it is known: whoever is
stopped early has the best of what was found.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import cast

from cloud.visits.planning.layout import Layout
from cloud.visits.planning.model import Day, Plan
from cloud.visits.planning.schedule import Schedule
from cloud.visits.planning.search import COLD, Search

WARM = 0.004
"""Temperature after the searches have told each other their best, as a share of a plan's cost."""
ALONE = 0.6
"""Share of the time that each searches for itself."""
TOLD = 0.995
"""Share of the time after which the last plans are on their way."""
TELL_S = 0.3
"""A search tells what is better no more often than this."""
POLL_S = 0.2

Told = tuple[float, tuple[tuple[int, ...], ...], tuple[int, ...]]
"""Cost, jobs by person, order of visits."""


@dataclass(frozen=True)
class Hurry:
    """The end of a search: a moment of `time.monotonic`, which all processes of a machine share."""

    begins: float
    ends: float

    def progress(self) -> float:
        return (time.monotonic() - self.begins) / max(1e-6, self.ends - self.begins)


def plan_day(
    day: Day,
    seconds: float,
    *,
    cores: int | None = None,
    better: Callable[[Plan], None] | None = None,
    stopped: Callable[[], bool] | None = None,
    seed: int = 1,
    enough: float = 0.0,
) -> Plan:
    """The best plan found in `seconds`.

    `better` hears of each plan that is better than those before, of the first at once. `stopped` is asked five times a
    second; True ends the search. `cores`: all of this machine's, four at most. A plan that costs no more than `enough`
    ends the search too.
    """
    begins = time.monotonic()
    layout = Layout(day)
    search = Search(layout, seed)
    best = search.best.copy()
    if better is not None:
        better(best.plan())
    hurry = Hurry(begins, begins + seconds)

    def over() -> bool:
        return hurry.progress() >= 1.0 or best.cost <= enough or (stopped is not None and stopped())

    def take(told: Told) -> None:
        if told[0] < best.cost - 1e-7:
            best.lay(told[1], told[2])
            if better is not None:
                better(best.plan())

    count = min(4, os.cpu_count() or 1) if cores is None else cores
    if count > 1 and len(best.order) > 1 and not over():
        crew = _Crew(day, hurry, count, seed)
        try:
            crew.run(over, take)
        finally:
            crew.end()
    if not over():  # one core, or every search process has died
        search.best.copy_from(best)

        def tell() -> None:
            take(_told(search.best))

        search.anew(lambda: 1.0 if over() else hurry.progress() / ALONE, tell)
        search.anneal(lambda: 1.0 if over() else (hurry.progress() - ALONE) / (1.0 - ALONE), WARM, COLD, tell)
    return best.plan()


def _told(schedule: Schedule) -> Told:
    return schedule.cost, schedule.routes(), tuple(schedule.order)


class _Crew:
    def __init__(self, day: Day, hurry: Hurry, count: int, seed: int) -> None:
        spawned = multiprocessing.get_context("spawn")
        self._members: dict[Connection, BaseProcess] = {}
        self._waiting: list[Connection] = []
        for number in range(count):
            ours, theirs = spawned.Pipe()
            member = spawned.Process(target=_search, args=(theirs, day, hurry, seed + 1 + number), daemon=True)
            member.start()
            theirs.close()
            self._members[ours] = member

    def run(self, over: Callable[[], bool], take: Callable[[Told], None]) -> None:
        best: Told | None = None
        while self._members and not over():
            for ready in wait(list(self._members), POLL_S):
                line = cast("Connection", ready)
                try:
                    told = line.recv()
                except (EOFError, OSError):
                    self._drop(line)
                    continue
                if told is None:  # alone no longer: it waits for what the others have
                    self._waiting.append(line)
                elif best is None or told[0] < best[0]:
                    best = told
                    take(told)
            if best is not None and len(self._waiting) >= len(self._members):
                self._tell(best)

    def _tell(self, best: Told) -> None:
        for line in self._waiting:
            try:
                line.send(best)
            except OSError:
                self._drop(line)
        self._waiting = []

    def _drop(self, line: Connection) -> None:
        self._members.pop(line).join(timeout=POLL_S)
        self._waiting = [other for other in self._waiting if other is not line]
        line.close()

    def end(self) -> None:
        for line, member in self._members.items():
            line.close()
            member.terminate()
        for member in self._members.values():
            member.join(timeout=2.0)


def _search(line: Connection, day: Day, hurry: Hurry, seed: int) -> None:
    """The whole life of a search process. It ends when the one that started it is gone."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started it
    search = Search(Layout(day), seed)
    told = float("inf")
    next_at = 0.0

    def tell() -> None:
        nonlocal told, next_at
        if search.best.cost < told - 1e-7:
            told = search.best.cost
            line.send(_told(search.best))
        next_at = time.monotonic() + TELL_S

    def progress() -> float:
        if os.getppid() != parent:
            raise SystemExit
        if time.monotonic() >= next_at:
            tell()
        return hurry.progress()

    try:
        search.anew(lambda: progress() / ALONE)
        tell()
        line.send(None)
        _, routes, order = line.recv()
        search.best.lay(routes, order)
        search.anneal(lambda: (progress() - ALONE) / (TOLD - ALONE), WARM, COLD)
        tell()
        line.recv()  # the end comes by signal or by a closed line
    except (EOFError, OSError):
        return
