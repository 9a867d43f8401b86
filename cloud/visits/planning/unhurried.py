"""Nobody waits at a door while she could be at another: what is waited for goes behind what can be done meanwhile.

To the search waiting costs nothing, as long as every promise is kept. To people it does.
"""

from cloud.visits.planning.layout import Layout
from cloud.visits.planning.schedule import Schedule

LEAST_WAIT_MIN = 5.0
WORTH = 0.5
"""What a plan may cost more for it: two and a half minutes on the road."""
TRIES = 60


def without_waiting(layout: Layout, schedule: Schedule) -> Schedule:
    """`schedule`, or one that costs hardly more and in which starts are earlier in sum."""
    best = schedule
    for _ in range(TRIES):
        better = next((other for other in _candidates(layout, best) if _is_better(layout, other, best)), None)
        if better is None:
            break
        best = better
    return best


def _candidates(layout: Layout, schedule: Schedule) -> list[Schedule]:
    routes = [list(route) for route in schedule.routes()]
    found = []
    for s, route in enumerate(routes):
        for k, t in enumerate(route[:-1]):
            wait = _wait(layout, schedule, t)
            if wait < LEAST_WAIT_MIN or len(layout.tasks_of[layout.visit[t]]) > 1:
                continue
            behind = next(
                (n for n in range(k + 1, len(route)) if schedule.end[route[n]] - wait >= layout.earliest[t]),
                len(route) - 1,
            )
            moved = [*route[:k], *route[k + 1 : behind + 1], t, *route[behind + 1 :]]
            order = _order(layout, [*routes[:s], moved, *routes[s + 1 :]])
            if order is not None:
                other = schedule.copy()
                other.lay([*routes[:s], moved, *routes[s + 1 :]], order)
                found.append(other)
                if _is_better(layout, other, schedule):
                    return found
    return found


def _wait(layout: Layout, schedule: Schedule, t: int) -> float:
    p = schedule.before[t]
    ready = schedule.end[p] + layout.travel[schedule.at[p]][layout.place[t]]
    return schedule.start[t] - ready


def _is_better(layout: Layout, other: Schedule, than: Schedule) -> bool:
    earlier = sum(than.start[: layout.jobs]) - sum(other.start[: layout.jobs])
    return other.cost <= than.cost + WORTH and earlier >= LEAST_WAIT_MIN


def _order(layout: Layout, routes: list[list[int]]) -> list[int] | None:
    """An order of visits that agrees with all routes; None: there is none."""
    left = [list(reversed(route)) for route in routes]
    order = []
    while any(left):
        first = {tasks[-1] for tasks in left if tasks}
        ready = [v for t in first if (v := layout.visit[t]) >= 0 and all(u in first for u in layout.tasks_of[v])]
        if not ready:
            return None
        done = set(ready)
        order += sorted(done)
        for tasks in left:
            if tasks and layout.visit[tasks[-1]] in done:
                tasks.pop()
    return order
