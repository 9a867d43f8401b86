"""What the database holds of one elder's last days, read for a page and not laid out yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.db.pool import AsyncConnection
from cloud.web.evidence import store
from cloud.web.evidence.beside import store as beside_store
from cloud.web.evidence.beside.model import PastCall
from cloud.web.evidence.model import Band, Daily, Measured, Night, Noticed, PastVisit, Person

RAW_DAYS = 90
"""Longer ranges are drawn from daily means."""


@dataclass(frozen=True)
class TimeLine:
    person: Person
    begin: datetime
    end: datetime
    wanted: tuple[tuple[str, ...], ...]
    """The metrics read, those of one panel together."""
    readings: Sequence[Measured | Daily]
    """In order of time: each reading, or, for a longer range than RAW_DAYS, each day."""
    nights: Sequence[Night]
    """Empty where nobody asked for them."""
    bands: dict[str, Band]
    alerts: list[Noticed]
    visits: list[PastVisit]
    calls: list[PastCall]
    """None where the viewer may hear no calls."""


async def read_time_line(
    conn: AsyncConnection,
    person: Person,
    days: int,
    now: datetime,
    wanted: tuple[tuple[str, ...], ...],
    *,
    with_nights: bool = False,
    told_since: datetime | None = None,
) -> TimeLine:
    """The last `days` before `now` with their calls; alerts and visits from `told_since` on (None: of those days)."""
    begin = now - timedelta(days=days)
    metrics = [metric for metrics in wanted for metric in metrics]
    read = store.readings if days <= RAW_DAYS else store.days
    return TimeLine(
        person=person,
        begin=begin,
        end=now,
        wanted=wanted,
        readings=await read(conn, person.elder_id, metrics, begin, now),
        nights=await store.nights(conn, person.elder_id, begin, now, person.time_zone) if with_nights else (),
        bands=await store.bands(conn, person.elder_id),
        alerts=await store.noticed(conn, person.elder_id, told_since or begin),
        visits=await store.past_visits(conn, person.elder_id, told_since or begin),
        calls=await beside_store.past_calls(conn, person.elder_id, begin),
    )
