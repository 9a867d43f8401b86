"""A street of simulated homes over ninety days, with nurses: what they are sent in a week, and which floors are missed.

A home lives the real days of one of three people of TIHM, moved to a middle of its own; glucose is generated. Into some
homes a value is put that no budget may hold back. A nurse who is sent comes after a day, for this week's alerts after
three, and ends the episode. Only readings: movement is not part of these figures.

A home is judged as far as the street goes, and anew from each visit on: what a judge says of a day rests on nothing
later, so that this is what judging it every day says.
"""

import csv
import random
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from cloud.detection.budget.risk import Held, may_wait, ranked
from cloud.detection.columns import DAY_US, HOUR_US, moment_of, us_of
from cloud.detection.episode import Kind, Standing, Step
from cloud.detection.finding import Window
from cloud.detection.judging import judge
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, ClosedEpisode, Episode, Priority
from cloud.detection.replay.files import Elder, read_elders
from firmware_sim.lives.events import GlucoseTaken, PressureTaken
from firmware_sim.lives.glucose import GlucoseHabit
from firmware_sim.lives.life import Life
from firmware_sim.lives.tihm import PEOPLE, read_excerpt

DAYS = 90
TEAM = 100
_FIRST = date(2026, 1, 1)
_DAMPED = 0.7
_SEVERE, _LOW_MG_DL = (186, 112), 48
_PUT_DAY = 20
_Row = tuple[str, str, str, str, str]


@dataclass
class _Home:
    elder: Elder
    end_us: int
    standing: Standing = field(default_factory=Standing)
    """As it was when the home was judged last, and as the steps since have left it."""
    ahead: deque[Step] = field(default_factory=deque)
    """What comes of it if nobody goes there."""
    shown: dict[Cause, int] = field(default_factory=dict)
    """Open episodes of which a nurse was told, and when."""
    waits: dict[Cause, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.elder.profile.elder_id)

    @property
    def team(self) -> int:
        return int(self.name[1:]) // TEAM

    def judge_from(self, us: int, limits: Limits) -> None:
        window = Window(us, self.end_us)
        judged = judge(self.elder.history, self.elder.profile, limits, standing=self.standing, window=window)
        self.ahead = deque(judged.steps)


@dataclass
class _Counts:
    opened: Counter[str] = field(default_factory=Counter)
    """Episodes by the weightiest rule with which they began."""
    shown_by_rule: Counter[str] = field(default_factory=Counter)
    by_priority: Counter[str] = field(default_factory=Counter)
    shown: list[tuple[int, int]] = field(default_factory=list)
    """Team and day."""
    floors: list[tuple[str, int, int]] = field(default_factory=list)
    """Home, newest evidence, and when it was told, of each floor."""


def measure(homes: int, limits: Limits, days: int = DAYS) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="doorstep-street-") as name:
        path = Path(name) / "readings.csv"
        put = write(path, homes, days)
        elders, _ = read_elders(path, None, None, None)
    began = time.process_time()
    begin = us_of(datetime(_FIRST.year, _FIRST.month, _FIRST.day, tzinfo=UTC))
    street = [_Home(elder, begin + days * DAY_US) for elder in elders.values()]
    for home in street:
        home.judge_from(begin, limits)
    counts = _Counts()
    for day in range(days):
        now = begin + (day + 1) * DAY_US
        for home in street:
            _live(home, now, limits, counts)
        _release(street, limits, now, counts)
    weeks = homes * days / 7
    missed = [
        (name, at)
        for name, at in put
        if not any(home == name and at <= to and told - at <= HOUR_US for home, to, told in counts.floors)
    ]
    return {
        "homes": homes,
        "days": days,
        "found_per_week": round(counts.opened.total() / weeks, 3),
        "shown_per_week": round(len(counts.shown) / weeks, 3),
        "found_by_rule": _per_week(counts.opened, weeks),
        "shown_by_rule": _per_week(counts.shown_by_rule, weeks),
        "shown_by_priority": dict(sorted(counts.by_priority.items())),
        "still_waiting": sum(len(home.waits) for home in street),
        "longest_wait_days": max(
            (round((home.end_us - at) / DAY_US) for home in street for at in home.waits.values()), default=0
        ),
        "floors": len(put),
        "floors_missed": len(missed),
        "judging_s": round(time.process_time() - began, 1),
    }


def _per_week(counted: Counter[str], weeks: float) -> dict[str, float]:
    return {rule: round(count / weeks, 4) for rule, count in counted.most_common()}


def write(path: Path, homes: int, days: int) -> list[tuple[str, int]]:
    """Readings of all homes in the replay's format; gives home and moment of each value that no budget may hold."""
    put = []
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("elder_id", "metric", "measured_at", "value", "unit"))
        for number in range(homes):
            draw = random.Random(f"street {number}")
            name = f"h{number:04}"
            measures_sugar = draw.random() < 0.4
            out.writerows(_days(name, number, days, draw, measures_sugar=measures_sugar))
            if draw.random() < 0.05:
                at = datetime.combine(_FIRST, datetime.min.time(), UTC) + timedelta(
                    days=draw.randrange(_PUT_DAY, days), hours=15, minutes=draw.randrange(60)
                )
                rows, told = _floor(name, at, sugar=measures_sugar)
                out.writerows(rows)
                put.append((name, us_of(told)))
    return put


def _days(name: str, number: int, days: int, draw: random.Random, *, measures_sugar: bool) -> Iterator[_Row]:
    person = PEOPLE[number % len(PEOPLE)]
    middle = (draw.gauss(132, 9), draw.gauss(75, 6), draw.gauss(70, 7))
    habit = GlucoseHabit(draw.gauss(126, 10), draw.gauss(172, 12)) if measures_sugar else None
    life = Life(person, number, _FIRST - timedelta(days=1), habit)
    for day in range(days):
        for event in life.on(_FIRST + timedelta(days=day)):
            at = event.at.replace(tzinfo=UTC).isoformat()
            if isinstance(event, PressureTaken):
                values = (event.systolic_mm_hg, event.diastolic_mm_hg, event.pulse_per_minute)
                for metric, unit, own, usual, value in zip(
                    ("systolic", "diastolic", "pulse"),
                    ("mm[Hg]", "mm[Hg]", "/min"),
                    middle,
                    _middle_of(person),
                    values,
                    strict=True,
                ):
                    yield name, metric, at, f"{own + _DAMPED * (value - usual):.0f}", unit
            elif isinstance(event, GlucoseTaken) and not event.control_solution:
                yield name, "glucose", at, str(event.glucose_mg_dl), "mg/dL"


@cache
def _middle_of(person: str) -> tuple[float, ...]:
    """Systolic, diastolic and pulse as they are usual in the person's real days."""
    taken = [
        (event.systolic_mm_hg, event.diastolic_mm_hg, event.pulse_per_minute)
        for events in read_excerpt(person, _FIRST).days.values()
        for event in events
        if isinstance(event, PressureTaken)
    ]
    return tuple(float(median(values)) for values in zip(*taken, strict=True))


def _floor(name: str, at: datetime, *, sugar: bool) -> tuple[Sequence[_Row], datetime]:
    """A level 2 low, or a severe pressure twice; and the moment from which it is one."""
    if sugar:
        return [(name, "glucose", at.isoformat(), str(_LOW_MG_DL), "mg/dL")], at
    again = at + timedelta(minutes=6)
    return [
        (name, metric, moment.isoformat(), str(value), "mm[Hg]")
        for moment in (at, again)
        for metric, value in zip(("systolic", "diastolic"), _SEVERE, strict=True)
    ], again


def _live(home: _Home, now_us: int, limits: Limits, counts: _Counts) -> None:
    """The day that ends at `now_us`."""
    if _visit(home, now_us):
        home.judge_from(now_us - DAY_US, limits)
    while home.ahead and us_of(home.ahead[0].at) <= now_us:
        _take(home, home.ahead.popleft(), counts)


def _take(home: _Home, step: Step, counts: _Counts) -> None:
    cause, at = step.cause, us_of(step.at)
    home.standing = _after(home.standing, step)
    if step.kind is Kind.CLEARED:
        home.shown.pop(cause, None)
        home.waits.pop(cause, None)
        return
    if step.kind is Kind.OPENED:
        counts.opened[step.episode.reasons[0].rule] += 1
        home.waits[cause] = at
    if not may_wait(step.episode) and cause in home.waits:
        _show(home, cause, step.episode, at, counts)
    if cause in home.shown:
        counts.floors += [(home.name, one.evidence_to_us, at) for one in step.fresh if one.floor]


def _after(standing: Standing, step: Step) -> Standing:
    """How the alerts stand after a step of theirs."""
    if step.kind is not Kind.CLEARED:
        return replace(standing, episodes={**standing.episodes, step.cause: step.episode})
    rules = frozenset(reason.rule for reason in step.episode.reasons)
    return _without(
        standing, step.cause, ClosedEpisode(step.episode.evidence_to, step.at, step.at, rules, cleared=True)
    )


def _without(standing: Standing, cause: Cause, ended: ClosedEpisode) -> Standing:
    return Standing(
        {one: of for one, of in standing.episodes.items() if one is not cause},
        {**standing.closed, cause: [*standing.closed.get(cause, ()), ended]},
    )


def _show(home: _Home, cause: Cause, episode: Episode, at: int, counts: _Counts) -> None:
    del home.waits[cause]
    home.shown[cause] = at
    counts.shown.append((home.team, at))
    counts.shown_by_rule[episode.reasons[0].rule] += 1
    counts.by_priority[episode.priority.value] += 1


def _release(street: Sequence[_Home], limits: Limits, now_us: int, counts: _Counts) -> None:
    teams: dict[int, list[_Home]] = {}
    for home in street:
        teams.setdefault(home.team, []).append(home)
    since = now_us - int(limits.budget.days * DAY_US)
    sent = Counter(of for of, at in counts.shown if at > since)
    for team, homes in teams.items():
        waiting = [(home, cause) for home in homes for cause in home.waits]
        held = [
            Held(place, cause, home.standing.episodes[cause].score, moment_of(home.waits[cause]))
            for place, (home, cause) in enumerate(waiting)
        ]
        room = limits.budget.room(len(homes), sent[team])
        for one in ranked(held, {}, limits.budget, moment_of(now_us))[:room]:
            home, cause = waiting[one.alert_id]
            _show(home, cause, home.standing.episodes[cause], now_us, counts)


def _visit(home: _Home, now_us: int) -> bool:
    """Who was sent long enough ago has come, and has ended the episode; whether anybody came."""
    came = False
    for cause, shown in list(home.shown.items()):
        episode = home.standing.episodes[cause]
        days = 3 if episode.priority is Priority.THIS_WEEK else 1
        if now_us - shown < days * DAY_US:
            continue
        at = moment_of(now_us - DAY_US)  # before what this day brings
        rules = frozenset(reason.rule for reason in episode.reasons)
        home.standing = _without(home.standing, cause, ClosedEpisode(episode.evidence_to, at, at, rules))
        del home.shown[cause]
        came = True
    return came
