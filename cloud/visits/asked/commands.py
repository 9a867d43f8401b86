"""Somebody asks for a visit to an elder. One transaction. Errors as in cloud.visits.commands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.visits import store as visits
from cloud.visits.asked import store
from cloud.visits.asking import store as asking_store
from cloud.visits.commands import DEFAULT_PROMISES, LONGEST_WISH
from cloud.visits.model import Visit, VisitState
from cloud.visits.promises import promised_within

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
) -> Visit:
    """Raises Conflict while an older wish of the same side is open, and ValueError for what makes no sense."""
    if not 0 < len(asked.wish.strip()) <= LONGEST_WISH:
        raise ValueError(f"wish: expected 1 to {LONGEST_WISH} characters")
    promised_by = asked.promised_by or max(now, asked.from_at or now) + promised_within(asked.priority, promises)
    if promised_by <= max(now, asked.from_at or now):
        raise ValueError("promised_by: expected a time that is still to come, and behind from_at")
    async with connection.transaction():
        visit_id = await store.put_asked(
            connection,
            elder_id,
            by,
            asked.wish.strip(),
            asked.priority,
            asked_at=now,
            from_at=asked.from_at,
            promised_by=promised_by,
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
