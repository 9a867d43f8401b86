"""All that the database holds for an elder's record."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.db.pool import AsyncConnection
from cloud.web.evidence import store
from cloud.web.evidence.beside import store as beside_store
from cloud.web.evidence.beside.model import AskedAgain
from cloud.web.evidence.model import Contact, Measured, Noticed, PastVisit, Person
from cloud.web.evidence.panels import CHARTED, PANELS
from cloud.web.evidence.time_line import TimeLine, read_time_line

ASKED_AGAIN_DAYS = 30
LONGEST_DAYS = 365
"""Alerts and visits are listed for so long, however short the range drawn."""


@dataclass(frozen=True)
class Record:
    person: Person
    time_line: TimeLine
    contacts: list[Contact]
    latest: list[Measured]
    """The last reading of each charted metric."""
    alerts: list[Noticed]
    visits: list[PastVisit]
    asked_again: list[AskedAgain]


async def read_record(
    conn: AsyncConnection, elder_id: int, regions: frozenset[int], days: int, now: datetime
) -> Record:
    """The elder's time line of `days` and what stands beside it. Raises NotFound outside of `regions`."""
    person = await store.person(conn, elder_id, regions)
    since = now - timedelta(days=max(days, LONGEST_DAYS))
    read = await read_time_line(conn, person, days, now, PANELS, with_nights=True, told_since=since)
    return Record(
        person=person,
        time_line=replace(
            read,
            alerts=[alert for alert in read.alerts if alert.raised_at >= read.begin],
            visits=[visit for visit in read.visits if visit.asked_at >= read.begin],
        ),
        contacts=await store.contacts(conn, elder_id),
        latest=await _latest(conn, elder_id, read),
        alerts=read.alerts,
        visits=read.visits,
        asked_again=await beside_store.asked_again(conn, elder_id, now - timedelta(days=ASKED_AGAIN_DAYS)),
    )


async def _latest(conn: AsyncConnection, elder_id: int, read: TimeLine) -> list[Measured]:
    """Of each charted metric. Where it was measured in the range, its last reading there is the last of all."""
    known = {row.metric: row for row in read.readings if isinstance(row, Measured)}
    older = [metric for metric in CHARTED if metric not in known]
    if older:
        known |= {row.metric: row for row in await store.latest(conn, elder_id, older, read.end)}
    return [known[metric] for metric in CHARTED if metric in known]
