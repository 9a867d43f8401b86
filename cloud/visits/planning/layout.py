"""A day as flat lists, which is what the search can afford to read.

Jobs are numbered 0..jobs-1; after them stands, for each person, the start of the route, and after these each end.
Starts and ends are tasks without a visit, so that every job has a task before it and one after it.
"""

from cloud.visits.planning.model import Day

NEVER = 1e9
"""Minutes; stands for a due time that there is not. Infinity less infinity would be no number."""


class Layout:
    """Read-only. Index t is a task (job, start or end), v a visit, s a person."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.nowhere = len(day.travel_min)
        """The place of breaks: a row and a column of noughts in the travel matrix."""
        self.travel = [[float(x) for x in row[: self.nowhere]] + [0.0] for row in day.travel_min]
        self.travel.append([0.0] * (self.nowhere + 1))
        for i in range(self.nowhere):
            self.travel[i][i] = 0.0
        self.visits = len(day.visits)
        self.staff = len(day.staff)
        self.tasks_of: list[tuple[int, ...]] = []
        self.visit: list[int] = []
        self.place: list[int] = []
        self.duration: list[float] = []
        self.earliest: list[float] = []
        self.latest: list[float] = []
        self.weight: list[float] = []
        self.able: list[tuple[tuple[int, float], ...]] = []
        """By job: who may do it, and the cost of choosing that person."""
        self.gap = [visit.gap for visit in day.visits]
        for v, visit in enumerate(day.visits):
            first = len(self.visit)
            self.tasks_of.append(tuple(range(first, first + len(visit.jobs))))
            for job in visit.jobs:
                reluctance = job.reluctance or (0.0,) * len(job.staff)
                self.able.append(tuple(zip(job.staff, reluctance, strict=True)))
                place = self.nowhere if visit.place is None else visit.place
                minute = visit.weight * day.costs.lateness
                self._task(v, place, job.duration_min, visit.earliest, latest=visit.latest, weight=minute)
        self.jobs = len(self.visit)
        self.first = self.jobs
        """The start of person s is task first + s."""
        for person in day.staff:
            starts_at = person.home if person.starts_at is None else person.starts_at
            self._task(-1, starts_at, 0.0, person.begins, latest=NEVER, weight=0.0)
        self.last = self.first + self.staff
        """The end of person s is task last + s; tasks from here on are ends."""
        for person in day.staff:
            self._task(-1, person.home, 0.0, 0.0, latest=person.ends, weight=day.costs.overtime)
        self.tasks = len(self.visit)
        self.least_weight = min(self.weight[: self.jobs] + self.weight[self.last :], default=0.0)
        """Of a minute of lateness, whoever's."""

    def _task(self, v: int, place: int, duration: float, earliest: float, *, latest: float, weight: float) -> None:
        self.visit.append(v)
        self.place.append(place)
        self.duration.append(duration)
        self.earliest.append(earliest)
        self.latest.append(min(latest, NEVER))
        self.weight.append(weight)
