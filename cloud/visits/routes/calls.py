"""Open visits made into calls at doors: two who go together are one call, and so is what one elder needs at one time.
Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cloud.detection.model import Priority
from cloud.routes_config import Routes
from cloud.visits.routes.model import UNDER_WAY, Kept, OpenVisit, Team

MORE_MIN = 10.0
"""What each further visit at the same door takes."""
WEIGHED = {Priority.NOW: "emergency", Priority.TODAY: "soon", Priority.THIS_WEEK: "routine"}


@dataclass(frozen=True)
class Call:
    """What happens at one door at one time."""

    people: tuple[tuple[OpenVisit, ...], ...]
    """By person who goes: her visits there. One person, or two who meet."""
    not_for: frozenset[int] = frozenset()

    @property
    def visits(self) -> tuple[OpenVisit, ...]:
        return tuple(visit for one in self.people for visit in one)

    @property
    def priority(self) -> Priority:
        return min((visit.priority for visit in self.visits), key=lambda one: one.rank)

    @property
    def from_at(self) -> datetime | None:
        return max((visit.from_at for visit in self.visits if visit.from_at is not None), default=None)

    @property
    def promised_by(self) -> datetime:
        return min(visit.promised_by for visit in self.visits)

    @property
    def pinned_at(self) -> datetime | None:
        return next((visit.pinned_at for visit in self.visits if visit.pinned_at is not None), None)

    @property
    def known_nurse(self) -> int | None:
        return self.visits[0].known_nurse

    @property
    def wished_sex(self) -> str | None:
        """A wish that is kept; somebody in need is not left waiting for it."""
        return None if self.priority is Priority.NOW else self.visits[0].wished_sex

    def fixed_to(self, person: int) -> int | None:
        return next((visit.fixed_to for visit in self.people[person] if visit.fixed_to is not None), None)

    def kept(self, person: int) -> Kept | None:
        return next((visit.kept for visit in self.people[person] if visit.kept is not None), None)

    def told(self, person: int) -> int | None:
        """The nurse whom the elder expects."""
        asked = next((visit.nurse_id for visit in self.people[person] if visit.nurse_id is not None), None)
        kept = self.kept(person)
        return asked if asked is not None or kept is None else kept.nurse_id

    def skills(self, person: int, routes: Routes) -> frozenset[str]:
        found: set[str] = set()
        for visit in self.people[person]:
            found |= visit.skills
            for word in visit.words:
                found |= set(routes.skills.get(word, ()))
        return frozenset(found)

    def minutes(self, routes: Routes) -> float:
        most = max(visit.minutes or routes.visit_min for visit in self.visits)
        return most + MORE_MIN * (max(map(len, self.people)) - 1)


def calls_of(team: Team) -> list[Call]:
    """Each visit that nobody drives to yet stands in exactly one call."""
    waiting = {visit.visit_id: visit for visit in team.visits if visit.state not in UNDER_WAY}
    known = {visit.visit_id: visit for visit in team.visits}
    calls: list[Call] = []
    paired: set[int] = set()
    for beside in waiting.values():
        first = waiting.get(beside.together_with or 0)
        if first is not None and not {first.visit_id, beside.visit_id} & paired:
            calls.append(Call(((first,), (beside,)), _not_for(team, (first, beside))))
            paired |= {first.visit_id, beside.visit_id}
    alone = defaultdict[int, list[OpenVisit]](list)
    for visit in waiting.values():
        if visit.visit_id in paired:
            continue
        colleague = known.get(visit.together_with or 0)
        if colleague is not None or visit.priority is Priority.NOW or visit.pinned_at is not None:
            there = () if colleague is None or colleague.nurse_id is None else (colleague.nurse_id,)
            calls.append(Call(((visit,),), _not_for(team, (visit,)).union(there)))
        else:
            alone[visit.elder_id].append(visit)
    for visits in alone.values():
        calls += [Call((tuple(group),), _not_for(team, group)) for group in _at_one_time(visits)]
    return calls


def _at_one_time(visits: list[OpenVisit]) -> list[list[OpenVisit]]:
    """Groups whose windows have a moment in common, and that no two nurses have."""
    groups: list[list[OpenVisit]] = []
    for visit in sorted(visits, key=lambda one: (one.promised_by, one.visit_id)):
        for group in groups:
            begin = max((one.from_at for one in (*group, visit) if one.from_at is not None), default=None)
            fixed = {one.fixed_to for one in (*group, visit)} - {None}
            if (begin is None or begin <= min(one.promised_by for one in (*group, visit))) and len(fixed) <= 1:
                group.append(visit)
                break
        else:
            groups.append([visit])
    return groups


def _not_for(team: Team, visits: Iterable[OpenVisit]) -> frozenset[int]:
    """Who refused it, and who does not go to that region."""
    found: frozenset[int] = frozenset()
    for visit in visits:
        far = frozenset(nurse for nurse, regions in team.reach.items() if visit.region_id not in regions)
        found |= visit.refused_by | far
    return found
