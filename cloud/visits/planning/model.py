"""What is planned: visits, the people who make them, the travel between places, and what a plan costs.

Times and travel are minutes; a day's zero is whatever the caller says. Places are rows of the travel matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from cloud.errors import CloudError


class PlanningError(CloudError):
    """The day cannot be planned as it was given; the sentence says what to change."""


@dataclass(frozen=True)
class Job:
    """What one person does on a visit."""

    name: str
    """Unique in its visit; a service of the instance format, or a word of the care plan."""
    duration_min: float
    staff: tuple[int, ...]
    """Who may do it (indices of `Day.staff`): skills, language, gender wish and pins are settled before."""
    reluctance: tuple[float, ...] = ()
    """Cost of each of them, in the same order; empty: none. Continuity is the nurse at no cost."""


@dataclass(frozen=True)
class Visit:
    """One door, one or two jobs. Nobody starts before `earliest`; starting after `latest` is late, not forbidden."""

    name: str
    place: int | None
    """None: wherever the person happens to be (a break)."""
    earliest: float
    latest: float
    jobs: tuple[Job, ...]
    gap: tuple[float, float] = (-inf, inf)
    """Of two jobs: start of the second less start of the first. (0, 0): both at once."""
    weight: float = 1.0
    """Cost of a minute of lateness, beside others."""


@dataclass(frozen=True)
class Staff:
    name: str
    home: int = 0
    """Row of the travel matrix where the route starts and ends."""
    starts_at: int | None = None
    """Where the route starts, when that is not home: in the middle of a day."""
    begins: float = 0.0
    ends: float = inf
    """Being back later is overtime, which costs `Costs.overtime` a minute."""


@dataclass(frozen=True)
class Costs:
    """What a minute of each costs. The defaults are those of Mankowska et al. 2014."""

    travel: float = 1 / 3
    lateness: float = 1 / 3
    worst_lateness: float = 1 / 3
    overtime: float = 1.0


@dataclass(frozen=True)
class Day:
    visits: tuple[Visit, ...]
    staff: tuple[Staff, ...]
    travel_min: Sequence[Sequence[float]]
    costs: Costs = field(default_factory=Costs)

    def __post_init__(self) -> None:
        places = len(self.travel_min)
        if any(len(row) < places for row in self.travel_min):
            raise PlanningError(
                f"the travel matrix has {places} rows, but a row that is shorter; give it a column a row"
            )
        for person in self.staff:
            if not (0 <= person.home < places and 0 <= (person.starts_at or 0) < places):
                raise PlanningError(f"{person.name}: where the route starts or ends is not in the travel matrix")
        for visit in self.visits:
            self._look_at(visit, places)

    def _look_at(self, visit: Visit, places: int) -> None:
        if visit.place is not None and not 0 <= visit.place < places:
            raise PlanningError(f"{visit.name}: the place is not in the travel matrix of {places} rows")
        if not 1 <= len(visit.jobs) <= 2:
            raise PlanningError(f"{visit.name}: a visit has one or two jobs, not {len(visit.jobs)}")
        for job in visit.jobs:
            if not job.staff:
                raise PlanningError(f"{visit.name}: nobody may do {job.name}; add a person who can, or leave it out")
            if any(not 0 <= person < len(self.staff) for person in job.staff):
                raise PlanningError(f"{visit.name}: {job.name} names a person who is not of this day")
        if len(visit.jobs) == 2:
            if len(set(visit.jobs[0].staff) | set(visit.jobs[1].staff)) < 2:
                raise PlanningError(f"{visit.name}: two people are needed, and only one can; add a second")
            if visit.gap[0] > visit.gap[1]:
                raise PlanningError(f"{visit.name}: the least gap between its jobs is above the greatest")


@dataclass(frozen=True)
class Stop:
    """One job in its place in a route."""

    visit: int
    job: int
    start: float


@dataclass(frozen=True)
class Plan:
    """Routes by person (in the order of `Day.staff`), and an order of visits that agrees with all of them."""

    routes: tuple[tuple[Stop, ...], ...]
    order: tuple[int, ...]
    cost: float
    travel: float
    lateness: float
    """Minutes, summed over jobs and unweighted."""
    worst_lateness: float
