"""A centre's day in its own words, made into what the search plans: who may go, who had better, when each pauses."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from cloud.visits.planning.model import Costs, Day, Job, Staff, Visit

LIVE = Costs(travel=0.2, lateness=1.0, worst_lateness=1.0, overtime=2.0)
"""For people and promises: a minute late costs five on the road."""
UNKNOWN_NURSE = 6.0
"""Cost of sending somebody else than the nurse whom the elder knows: half an hour on the road."""
OTHER_LANGUAGE = 30.0
"""Cost of sending somebody who does not speak the elder's language; better late than that, to a point."""
ADDED_WEIGHT = {"emergency": 30.0, "urgent": 10.0, "soon": 3.0, "routine": 1.0}
"""Weight of a minute of lateness by priority."""
PAUSE_WEIGHT = 1.0
TOLD_NURSE = 8.0
"""Cost of sending somebody else than the nurse whom people were told."""


@dataclass(frozen=True)
class Nurse:
    number: int
    """One who works on several days stands there once a day, always with the same number."""
    home: int
    """Row of the travel matrix."""
    begins: float
    ends: float
    """Minutes of the day."""
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    gender: str | None = None
    pause: tuple[float, float, float] | None = None
    """Earliest start, latest start and length, in minutes; wherever the nurse is then."""
    starts_at: int | None = None
    """Row of the travel matrix where the nurse is, when that is not home."""
    urgent_only: bool = False
    """Called from where she is for emergencies, and for nothing else."""
    reluctance: float = 0.0
    """Cost of each visit on this day: what can be done today is not left for tomorrow."""


@dataclass(frozen=True)
class Errand:
    """A visit to be planned. Windows are minutes of the day; `latest` is what was promised."""

    number: int
    place: int
    earliest: float
    latest: float
    duration_min: float
    skills: tuple[frozenset[str], ...] = (frozenset(),)
    """Of each person who is needed: one, or two who meet at the door."""
    priority: str = "routine"
    known_nurse: int | None = None
    language: str | None = None
    gender: str | None = None
    """A wish that is kept."""
    pinned: int | None = None
    """The dispatcher's word: this nurse, whatever else."""
    pinned_second: int | None = None
    """As `pinned`, of the second person."""
    told: tuple[int | None, ...] = ()
    """Of each person who is needed: the nurse whom people were told."""
    not_for: frozenset[int] = frozenset()
    """Nurses who declined it, or whom the elder does not want."""

    def pin_of(self, person: int) -> int | None:
        return self.pinned if person == 0 else self.pinned_second


class WhyNot(StrEnum):
    """Why nobody of the day may do an errand."""

    NO_SKILL = "no_skill"
    PIN_AWAY = "pin_away"
    NOBODY_WISHED = "nobody_wished"
    ONE_ALONE = "one_alone"
    TOO_MANY = "too_many"


@dataclass(frozen=True)
class Unplanned:
    errand: int
    code: WhyNot
    why: str
    """In a sentence."""
    words: tuple[str, ...] = ()
    """The skills that nobody has."""


@dataclass(frozen=True)
class Roster:
    day: Day
    errands: tuple[Errand, ...]
    """In the order of the day's visits; pauses stand after them."""
    nurses: tuple[Nurse, ...]
    unplanned: tuple[Unplanned, ...]
    """Those that nobody of the day may do, with the reason."""


def roster_of(
    errands: Sequence[Errand], nurses: Sequence[Nurse], travel_min: Sequence[Sequence[float]], costs: Costs = LIVE
) -> Roster:
    """Raises PlanningError when places or windows make no sense; an errand for nobody is no error but `unplanned`."""
    visits: list[Visit] = []
    kept: list[Errand] = []
    unplanned: list[Unplanned] = []
    for errand in errands:
        jobs = tuple(_job(errand, index, needed, nurses) for index, needed in enumerate(errand.skills))
        why = _why_not(errand, jobs, nurses)
        if why is not None:
            unplanned.append(why)
            continue
        kept.append(errand)
        gap = (0.0, 0.0) if len(jobs) == 2 else (-inf, inf)
        weight = ADDED_WEIGHT.get(errand.priority, 1.0)
        name = f"visit {errand.number}"
        visits.append(Visit(name, errand.place, errand.earliest, errand.latest, jobs, gap, weight))
    for index, nurse in enumerate(nurses):
        if nurse.pause is not None:
            earliest, latest, minutes = nurse.pause
            rest = Job("pause", minutes, (index,))
            visits.append(Visit(f"pause of nurse {nurse.number}", None, earliest, latest, (rest,), weight=PAUSE_WEIGHT))
    staff = tuple(Staff(f"nurse {n.number}", n.home, n.starts_at, n.begins, n.ends) for n in nurses)
    return Roster(Day(tuple(visits), staff, travel_min, costs), tuple(kept), tuple(nurses), tuple(unplanned))


def _job(errand: Errand, index: int, needed: frozenset[str], nurses: Sequence[Nurse]) -> Job:
    able, reluctance = [], []
    pin = errand.pin_of(index)
    told = errand.told[index] if index < len(errand.told) else None
    for s, nurse in enumerate(nurses):
        if pin is not None and nurse.number != pin:
            continue
        if not _may(errand, needed, nurse, pinned=pin is not None):
            continue
        cost = nurse.reluctance
        if errand.known_nurse is not None and nurse.number != errand.known_nurse and index == 0:
            cost += UNKNOWN_NURSE
        if errand.language is not None and errand.language not in nurse.languages:
            cost += OTHER_LANGUAGE
        if told is not None and nurse.number != told:
            cost += TOLD_NURSE
        able.append(s)
        reluctance.append(cost)
    return Job(f"person {index + 1}", errand.duration_min, tuple(able), tuple(reluctance))


def _may(errand: Errand, needed: frozenset[str], nurse: Nurse, *, pinned: bool) -> bool:
    if pinned:
        return True
    if nurse.urgent_only and errand.priority != "emergency":
        return False
    if not needed <= nurse.skills or nurse.number in errand.not_for:
        return False
    return errand.gender is None or nurse.gender == errand.gender


def _why_not(errand: Errand, jobs: tuple[Job, ...], nurses: Sequence[Nurse]) -> Unplanned | None:
    if len(jobs) > 2:
        many = "more than two people at one door are not planned; make two visits of it"
        return Unplanned(errand.number, WhyNot.TOO_MANY, many)
    for index, (job, needed) in enumerate(zip(jobs, errand.skills, strict=True)):
        if job.staff:
            continue
        pin = errand.pin_of(index)
        if pin is not None and pin not in {nurse.number for nurse in nurses}:
            away = f"nurse {pin}, to whom it is pinned, does not work on this day"
            return Unplanned(errand.number, WhyNot.PIN_AWAY, away)
        if not any(needed <= nurse.skills for nurse in nurses):
            words = tuple(sorted(needed))
            return Unplanned(errand.number, WhyNot.NO_SKILL, f"nobody of the day has {', '.join(words)}", words)
        refused = "those who have the skills are not wished for, have declined, or are not the one it is pinned to"
        return Unplanned(errand.number, WhyNot.NOBODY_WISHED, refused)
    if len(jobs) == 2 and len({nurses[s].number for job in jobs for s in job.staff}) < 2:
        alone = "two people are needed, and one person alone can do either part"
        return Unplanned(errand.number, WhyNot.ONE_ALONE, alone)
    return None
