"""Somebody asks for a visit to an elder. One transaction. Errors as in cloud.visits.commands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.routes_config import Routes
from cloud.visits import store as visits
from cloud.visits.asked import store
from cloud.visits.asking import store as asking_store
from cloud.visits.commands import DEFAULT_PROMISES, LONGEST_WISH
from cloud.visits.model import Visit, VisitState
from cloud.visits.promising.promising import DEFAULT_HOURS, promised_by

AskedBy = Literal["family", "doctor", "staff"]


@dataclass(frozen=True)
class Asked:
    """What somebody wants of a visit."""

    wish: str
    """A code or a line."""
    priority: Priority = Priority.TODAY
    from_at: datetime | None = None
    """Nobody need come before; None: at once."""
    promised_by: datetime | None = None
    """None: by the priority's promise."""
    skills: tuple[str, ...] = ()
    minutes: int | None = None
    """At the door; None: as long as a visit takes."""
    people: Literal[1, 2] = 1


async def ask_for(  # noqa: PLR0917 - who asks what for whom, and when
    connection: AsyncConnection,
    elder_id: int,
    by: AskedBy,
    asked: Asked,
    now: datetime,
    staff_id: int | None = None,
    *,
    promises: Visits = DEFAULT_PROMISES,
    routes: Routes = DEFAULT_HOURS,
) -> Visit:
    """Raises Conflict while an older wish of the same side is open, and ValueError for what makes no sense."""
    if not 0 < len(asked.wish.strip()) <= LONGEST_WISH:
        raise ValueError(f"wish: expected 1 to {LONGEST_WISH} characters")
    begin = max(now, asked.from_at or now)
    if asked.promised_by is not None and asked.promised_by <= begin:
        raise ValueError("promised_by: expected a time that is still to come, and behind from_at")
    async with connection.transaction():
        by_hours = await promised_by(connection, elder_id, asked.priority, begin, promises, routes)
        visit_id = await store.put_asked(
            connection,
            elder_id,
            by,
            asked.wish.strip(),
            asked.priority,
            asked_at=now,
            from_at=asked.from_at,
            promised_by=asked.promised_by or by_hours,
            skills=asked.skills,
            minutes=asked.minutes,
        )
        if visit_id is None:
            raise Conflict("such a visit is asked for already, and nobody has made it yet")
        note = asked.wish.strip()
        await visits.add_event(connection, visit_id, VisitState.PROPOSED, now, staff_id=staff_id, note=note)
        if asked.people == 2:
            second = await asking_store.put_second(connection, visit_id)
            if second is not None:
                await visits.add_event(connection, second, VisitState.PROPOSED, now, staff_id=staff_id)
        return await visits.get(connection, visit_id)
