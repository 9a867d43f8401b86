"""The alerts that wait, team by team, in the order in which the budget lets them go, and what makes its place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.detection.budget.risk import Held, Said, ranked, share_right
from cloud.detection.budget.settings import Budget
from cloud.detection.model import Cause
from cloud.web.held.model import HeldAlert, Week, Words
from cloud.web.words import Sayer, Why

Named = Mapping[Cause, Said]


@dataclass(frozen=True)
class Waiting:
    alert: HeldAlert
    place: int
    """1 goes out first."""
    whys: list[Why]
    unusual_percent: int
    right_percent: int
    said: Said
    waits_days: int


@dataclass(frozen=True)
class TeamWeek:
    week: Week
    most: int
    """So many may go out in the budget's days."""
    room: int
    waiting: list[Waiting]


def team_weeks(
    held: Sequence[HeldAlert],
    weeks: Mapping[int, Week],
    words: Iterable[Words],
    budget: Budget,
    now: datetime,
    *,
    sayer_of: Mapping[str, Sayer],
) -> list[TeamWeek]:
    """Those teams that have anything waiting, the most first. `sayer_of` is by time zone."""
    said: dict[int, dict[Cause, Said]] = {}
    known = frozenset(Cause)
    for one in words:
        if one.cause in known:
            said.setdefault(one.region_id, {})[Cause(one.cause)] = Said(one.right, one.wrong)
    of_team: dict[int, list[HeldAlert]] = {}
    for alert in held:
        if alert.cause in known:
            of_team.setdefault(alert.region_id, []).append(alert)
    found = []
    for team, alerts in of_team.items():
        week, mine = weeks[team], said.get(team, {})
        found.append(
            TeamWeek(
                week=week,
                most=budget.room(week.patients, 0),
                room=budget.room(week.patients, week.sent),
                waiting=_in_order(alerts, mine, budget, now, sayer_of),
            )
        )
    return sorted(found, key=lambda one: (-len(one.waiting), one.week.region_id))


def _in_order(
    alerts: Sequence[HeldAlert], said: Named, budget: Budget, now: datetime, sayer_of: Mapping[str, Sayer]
) -> list[Waiting]:
    by_id = {one.alert_id: one for one in alerts}
    held = [Held(one.alert_id, Cause(one.cause), one.score, one.raised_at) for one in alerts]
    found = []
    for place, one in enumerate(ranked(held, said, budget, now), start=1):
        alert = by_id[one.alert_id]
        of_cause = said.get(Cause(alert.cause), Said())
        found.append(
            Waiting(
                alert=alert,
                place=place,
                whys=sayer_of[alert.time_zone].all(alert.reasons),
                unusual_percent=round(100 * alert.score),
                right_percent=round(100 * share_right(of_cause, budget)),
                said=of_cause,
                waits_days=max((now - alert.raised_at).days, 0),
            )
        )
    return found
