"""The board as one value, for the page and for the API alike."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.db.pool import DatabaseAway
from cloud.web.board import store
from cloud.web.board.looking import store as looking
from cloud.web.board.model import Board, BoardAlarm, BoardVisit
from cloud.web.entry.model import Viewer
from cloud.web.language import Language
from cloud.web.live.overlay import laid_over
from cloud.web.services import Services
from cloud.web.shared.answers import Part, ask
from cloud.web.standing import Standing, standing
from cloud.web.unsure.store import count_open, severe_acts

SILENT_AFTER_S = 180.0
"""Wall seconds without a heartbeat after which a home counts as silent."""
_CLOSED_SHOWN = timedelta(hours=2)
_NOON = 12
_NEVER_LOOKED, _OLDEST_NEWS = timedelta(hours=12), timedelta(days=1)
_PATIENCE_S = 10.0
"""For all that the board shows; alarms are not to wait longer for the rest."""


async def board(services: Services, viewer: Viewer, language: Language, *, renewed: bool = False) -> Board:
    """From the database; while that is away, the alarms that this process and the desk's journal know.

    `renewed` by a page itself it may share its rows with other pages of the same sight.
    """
    if not services.watch.away:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await _stored_board(services, viewer, language, renewed=renewed)
        except (DatabaseAway, TimeoutError):
            services.watch.lost()
    return _remembered_board(services, viewer, language)


async def _stored_board(services: Services, viewer: Viewer, language: Language, *, renewed: bool) -> Board:
    now, hearing = services.now, services.hearing
    unstored = hearing.unstored(viewer.regions)  # before the rows: a call may get its row while they are asked for
    async with services.answers.connection(viewer.sight) as conn:
        looked_at = _since(await looking.looked_at(conn, viewer.staff.staff_id), now)
        rows = {} if renewed else await ask(conn, _parts(services, viewer.regions, looked_at, now))
    if renewed:
        since = looked_at.replace(minute=0, second=0, microsecond=0)
        parts = _parts(services, viewer.regions, since, now)
        rows = await services.answers.get("board", viewer.sight, parts, since=since)
    stored = [laid_over(alarm, hearing.standing_of(alarm)) for alarm in rows["alarms"]]
    unstored = [alarm for alarm in unstored if _missing(alarm, stored)]
    unstored += [alarm for alarm in hearing.unstored(viewer.regions) if _missing(alarm, [*stored, *unstored])]
    visits = sorted(rows["visits"], key=lambda visit: standing(visit, now).rank)  # within each, by promise
    alarms = sorted([*unstored, *stored], key=lambda alarm: alarm.heard_at, reverse=True)
    alarms = [alarm for alarm in alarms if alarm.state != "closed"]
    return Board(
        community=viewer.region_name,
        now=now,
        sentence=sentence(alarms, visits, now, _zone(visits), language),
        on_duty=rows["on_duty"],
        alarms=alarms,
        closed=rows["closed"],
        visits=visits,
        silent=rows["silent"],
        unsure=rows["unsure"],
        severe=rows["severe"],
        alerts=rows["alerts"],
        communities=rows["communities"],
        news=[change for change in rows["news"] if change.at > looked_at],
        looked_at=looked_at,
    )


def _parts(services: Services, regions: frozenset[int], since: datetime, now: datetime) -> Mapping[str, Part]:
    """What the board is made of. Of `news` what is later than somebody's look is what they would have been answered:
    it comes newest first, and so many at most."""
    heard_before = now - timedelta(seconds=SILENT_AFTER_S * services.speed)
    return {
        "alarms": Part(lambda conn: store.open_alarms(conn, regions), frozenset({"alarm"})),
        "closed": Part(lambda conn: store.closed_alarms(conn, regions, now - _CLOSED_SHOWN), frozenset({"alarm"})),
        "visits": Part(lambda conn: store.promised_visits(conn, regions, now), frozenset({"visit"})),
        "on_duty": Part(lambda conn: store.on_duty(conn, regions)),
        "silent": Part(lambda conn: store.silent_homes(conn, regions, heard_before), frozenset({"status"})),
        "unsure": Part(lambda conn: count_open(conn, regions), frozenset({"severe"})),
        "severe": Part(lambda conn: severe_acts(conn, regions), frozenset({"severe"})),
        "alerts": Part(lambda conn: looking.open_alerts(conn, regions), frozenset({"alert", "visit"})),
        "communities": Part(lambda conn: looking.communities(conn, regions)),
        "news": Part(lambda conn: looking.changes(conn, regions, since, now), frozenset({"alarm", "alert", "visit"})),
    }


def _since(looked_at: datetime | None, now: datetime) -> datetime:
    """From when on changes are news: who never said that they looked is told of half a day."""
    return max(looked_at or now - _NEVER_LOOKED, now - _OLDEST_NEWS)


def _remembered_board(services: Services, viewer: Viewer, language: Language) -> Board:
    alarms = services.hearing.open_alarms(viewer.regions)
    calling = _calling(alarms)
    said = language.ngettext("%(n)s person calls", "%(n)s people call", calling) if calling else ""
    return Board(
        community=viewer.region_name,
        now=services.now,
        sentence=said or language.gettext("Nobody calls"),
        on_duty=[],
        alarms=alarms,
        closed=[],
        visits=[],
        silent=[],
        unsure=0,
        remembered=True,
    )


def sentence(
    alarms: list[BoardAlarm], visits: list[BoardVisit], now: datetime, zone: ZoneInfo, language: Language
) -> str:
    """How it stands: "2 people call, 2 visits late, 5 more promised before noon, 1 at risk".

    After noon it counts what is promised today. What is late is counted once, as late.
    """
    calling = _calling(alarms)
    local = now.astimezone(zone)
    morning = local.hour < _NOON
    edge = local.replace(hour=_NOON if morning else 0, minute=0, second=0, microsecond=0)
    if not morning:
        edge += timedelta(days=1)
    stands = [(standing(visit, now), visit.promised_by) for visit in visits]
    late = sum(how is Standing.LATE for how, _ in stands)
    due = sum(how in (Standing.RISK, Standing.PROMISED) and promised_by < edge for how, promised_by in stands)
    at_risk = sum(how is Standing.RISK for how, _ in stands)
    parts = [
        language.ngettext("%(n)s person calls", "%(n)s people call", calling)
        if calling
        else language.gettext("Nobody calls")
    ]
    if late:
        parts.append(language.ngettext("%(n)s visit late", "%(n)s visits late", late))
    if morning and late:
        parts.append(language.ngettext("%(n)s more promised before noon", "%(n)s more promised before noon", due))
    elif morning:
        parts.append(language.ngettext("%(n)s visit promised before noon", "%(n)s visits promised before noon", due))
    elif late:
        parts.append(language.ngettext("%(n)s more promised today", "%(n)s more promised today", due))
    else:
        parts.append(language.ngettext("%(n)s visit promised today", "%(n)s visits promised today", due))
    if at_risk:
        parts.append(language.ngettext("%(n)s at risk", "%(n)s at risk", at_risk))
    return language.gettext(", ").join(parts)


def _calling(alarms: list[BoardAlarm]) -> int:
    """People, not calls: whoever presses and pulls the cord is one. Of a home where nobody knows who, one."""
    return len({alarm.elder_id or alarm.gateway_id for alarm in alarms if alarm.state == "at_centre"})


def _missing(alarm: BoardAlarm, stored: list[BoardAlarm]) -> bool:
    return all(alarm.alarm_id != other.alarm_id for other in stored)


def _zone(visits: list[BoardVisit]) -> ZoneInfo:
    return ZoneInfo(visits[0].time_zone if visits else "Asia/Shanghai")
