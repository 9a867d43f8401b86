"""All that the database holds for an elder's record."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.db.pool import AsyncConnection
from cloud.web.evidence import store
from cloud.web.evidence.model import Contact, Measured, Noticed, PastVisit, Person
from cloud.web.evidence.panels import CHARTED, PANELS
from cloud.web.evidence.time_line import TimeLine, read_time_line

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


async def read_record(
    conn: AsyncConnection, elder_id: int, regions: frozenset[int], days: int, now: datetime
) -> Record:
    """The elder's time line of `days` and what stands beside it. Raises NotFound outside of `regions`."""
    person = await store.person(conn, elder_id, regions)
    since = now - timedelta(days=max(days, LONGEST_DAYS))
    return Record(
        person=person,
        time_line=await read_time_line(conn, person, days, now, PANELS, with_nights=True),
        contacts=await store.contacts(conn, elder_id),
        latest=await store.latest(conn, elder_id, CHARTED, now),
        alerts=await store.noticed(conn, elder_id, since),
        visits=await store.past_visits(conn, elder_id, since),
    )
