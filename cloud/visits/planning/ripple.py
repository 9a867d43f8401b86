"""What later arrivals cost: a delay runs down the routes, over meetings too, until waiting has swallowed it."""
# ruff: noqa: PLR1730 - calls of max cost more than the rest of these loops

from heapq import heappop, heappush

from cloud.visits.planning.schedule import Schedule


def ripple(  # noqa: PLR0912 - one pass; a call a branch would cost more than the branch
    schedule: Schedule, arrivals: dict[int, float], worst: float, limit: float
) -> tuple[float, float]:
    """Added cost of lateness and the worst lateness, when each task of `arrivals` is not reached before its minute.

    Stops early, with a cost above `limit`, once that is sure. `arrivals` is changed.
    """
    layout = schedule.layout
    start, rank, after, order, at = schedule.start, schedule.rank, schedule.after, schedule.order, schedule.at
    travel, place, duration, latest = layout.travel, layout.place, layout.duration, layout.latest
    weight, tasks_of, gap, last = layout.weight, layout.tasks_of, layout.gap, layout.last
    cost = 0.0
    heap: list[int] = []
    for t, begin in arrivals.items():
        if begin <= start[t]:
            continue
        if t >= last:
            cost += weight[t] * (max(begin, latest[t]) - max(start[t], latest[t]))
        else:
            heappush(heap, rank[t])
    done = -1
    while heap:
        i = heappop(heap)
        if i == done:
            continue
        if cost > limit:
            return cost, worst
        done = i
        v = order[i]
        tasks = tasks_of[v]
        begins: tuple[float, ...]
        if len(tasks) == 1:
            begins = (arrivals[tasks[0]],)
        else:
            t, u = tasks
            first = max(arrivals.get(t, 0.0), start[t])
            second = max(arrivals.get(u, 0.0), start[u], first + gap[v][0])
            begins = (max(first, second - gap[v][1]), second)
        for t, begin in zip(tasks, begins, strict=True):
            old = start[t]
            if begin <= old:
                continue
            due = latest[t]
            if begin > due:
                cost += weight[t] * (begin - (old if old > due else due))
                if begin - due > worst:
                    worst = begin - due
            n = after[t]
            reached = begin + duration[t] + travel[at[t]][place[n]]
            if reached > start[n] and reached > arrivals.get(n, 0.0):
                if n >= last:
                    cost += weight[n] * (max(reached, latest[n]) - max(start[n], latest[n], arrivals.get(n, 0.0)))
                else:
                    heappush(heap, rank[n])
                arrivals[n] = reached
    return cost, worst
