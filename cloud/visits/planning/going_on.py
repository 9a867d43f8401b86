"""Routes that stand, kept and filled up: what is new is put in where it is cheapest, and then all is made better."""

from collections.abc import Sequence
from time import monotonic

from cloud.visits.planning.layout import Layout
from cloud.visits.planning.model import Day, Plan
from cloud.visits.planning.schedule import Schedule
from cloud.visits.planning.search import Search
from cloud.visits.planning.unhurried import without_waiting

HOT, COLD = 0.01, 0.0005

Routes = Sequence[Sequence[tuple[int, int]]]
"""By person, in the order of `Day.staff`: visits and which of their jobs, both by number."""


def go_on(day: Day, routes: Routes, seconds: float = 0.0, seed: int = 1) -> Plan:
    """The whole day's plan from `routes`, which need not be whole nor fit together: what does not is put in anew.

    With no `seconds` nothing is searched: what is missing is put in, and nobody is left waiting.
    """
    until = monotonic() + seconds
    layout = Layout(day)
    begin = Schedule(layout)
    begin.lay(*_agreeing(layout, routes))
    search = Search(layout, seed, begin)
    if seconds > 0.0:
        begun = monotonic()
        search.anneal(lambda: (monotonic() - begun) / max(1e-3, until - begun), HOT, COLD)
    return without_waiting(layout, search.best).plan()


def _agreeing(layout: Layout, routes: Routes) -> tuple[list[list[int]], list[int]]:
    """The routes' tasks, and an order of visits that agrees with all of them, without the visits that forbid one."""
    seats: dict[int, int] = {}
    left: list[list[int]] = []
    for s, route in enumerate(routes):
        tasks = []
        for v, j in route:
            t = layout.tasks_of[v][j]
            if t not in seats and any(able == s for able, _ in layout.able[t]):
                seats[t] = s
                tasks.append(t)
        left.append(tasks)
    whole = {v for v in range(layout.visits) if all(t in seats for t in layout.tasks_of[v])}
    whole = {v for v in whole if len({seats[t] for t in layout.tasks_of[v]}) == len(layout.tasks_of[v])}
    left = [[t for t in tasks if layout.visit[t] in whole] for tasks in left]
    laid: list[list[int]] = [[] for _ in left]
    order: list[int] = []
    while any(left):
        first = {tasks[0]: s for s, tasks in enumerate(left) if tasks}
        front = (layout.visit[t] for t in first)
        ready = next((v for v in front if all(t in first for t in layout.tasks_of[v])), None)
        if ready is None:  # two pairs that wait for each other crosswise: one of them is put in anew
            stuck = layout.visit[min(first)]
            left = [[t for t in tasks if layout.visit[t] != stuck] for tasks in left]
            continue
        for t in layout.tasks_of[ready]:
            laid[first[t]].append(t)
            left[first[t]].pop(0)
        order.append(ready)
    return laid, order
