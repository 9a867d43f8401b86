"""What somebody at the desk does with an alarm: by the database, or by the desk's journal while that is away.

Each step is in the journal before the database is asked, so that of two desks of which one reaches the database and
one does not, only one has the alarm.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from fastapi import Request

from cloud.alarms import store as alarms
from cloud.alarms.catching_up import holder_of
from cloud.alarms.journal import DeskJournal, DoneBefore, JournalFails
from cloud.alarms.model import Act, Doing, HeldByAnother, Holder
from cloud.db.pool import AsyncConnection, DatabaseAway
from cloud.errors import CloudError, Conflict, NotAllowed, NotFound
from cloud.web.board import store
from cloud.web.board.model import BoardAlarm
from cloud.web.entry.model import Viewer
from cloud.web.errors import NotStoredYet
from cloud.web.language import N_
from cloud.web.live.overlay import laid_over
from cloud.web.render import language_of
from cloud.web.services import Services, services_of
from cloud.web.standby.database_watch import ANSWER_S

log = structlog.get_logger()

WAIT_FOR_ROW_S = 3.0
"""An alarm may be taken a moment before its row stands."""

Deed = Callable[[AsyncConnection], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be done, and with what words."""

    doing: Doing
    at: datetime
    """Also of the step's event, so that what the journal told a home is known as told where the database has it too."""
    minutes: int | None = None
    reason: Literal["real", "test", "mistake"] | None = None
    note: str = ""


async def act(request: Request, alarm_id: UUID, viewer: Viewer, wish: Wish, deed: Deed) -> BoardAlarm:
    """The alarm after `wish`, which `deed` does in the database, in one transaction.

    Raises NotAllowed, NotFound outside of the viewer's regions, Conflict that says who has it, and NotStoredYet where
    neither the database nor a journal can keep it.
    """
    if not viewer.may_act_on_alarms:
        raise NotAllowed(N_("Alarms are taken by the desk and by nurses."))
    services = services_of(request)
    alarm = await find(services, alarm_id, viewer.regions, wait_s=WAIT_FOR_ROW_S)
    staff = viewer.staff
    begun = Act(
        alarm_id=alarm_id,
        gateway_id=alarm.gateway_id,
        doing=wish.doing,
        staff_id=staff.staff_id,
        staff_name=staff.name,
        at=wish.at,
        minutes=wish.minutes,
        reason=wish.reason,
        note=wish.note,
    )
    async with _conflicts_in_words(request, alarm_id):
        if services.journal is None:
            if not alarm.stored:
                raise NotStoredYet
            return await _do(services, alarm_id, deed)
        try:
            begun = await asyncio.to_thread(services.journal.begin, begun)
        except DoneBefore:
            return await _done_before(services, alarm, deed)
        except JournalFails as error:
            log.error("desk_journal", problem=str(error))  # noqa: TRY400 - the database alone is asked
            return await _do(services, alarm_id, deed)
        return await _begun(services, services.journal, alarm, begun, deed)


async def find(services: Services, alarm_id: UUID, regions: frozenset[int], *, wait_s: float = 0.0) -> BoardAlarm:
    """The alarm as it stands, `stored` or not; waits up to `wait_s` for its row. Raises NotFound."""
    if not services.watch.away:
        await services.hearing.until_stored(alarm_id, wait_s)
        try:
            async with asyncio.timeout(ANSWER_S), services.pool.connection(timeout=ANSWER_S) as conn:
                stored = await store.alarm(conn, alarm_id, regions)
        except (DatabaseAway, TimeoutError):
            services.watch.lost()
        else:
            if stored is not None:
                return laid_over(stored, services.hearing.standing_of(stored))
    known = services.hearing.known(alarm_id, regions)
    if known is None:
        raise NotFound(f"There is no alarm {alarm_id} in your community.")
    return known


async def _begun(services: Services, journal: DeskJournal, alarm: BoardAlarm, begun: Act, deed: Deed) -> BoardAlarm:
    if begun.stands or services.watch.away or not alarm.stored:
        return await _stand(services, journal, alarm, begun)
    try:
        async with asyncio.timeout(ANSWER_S):
            after = await _do(services, begun.alarm_id, deed)
    except (DatabaseAway, TimeoutError):
        services.watch.lost()
        return await _stand(services, journal, alarm, begun)
    except (CloudError, ValueError):
        async with services.pool.connection() as conn:
            there = await alarms.get(conn, begun.alarm_id)
        await asyncio.to_thread(journal.refuse, begun, holder_of(there))
        raise
    await asyncio.to_thread(journal.settle, begun.number)
    return after


async def _done_before(services: Services, alarm: BoardAlarm, deed: Deed) -> BoardAlarm:
    """The database says whether it was closed for the same reason; while it is away, what is known of it is said."""
    if not services.watch.away:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await _do(services, alarm.alarm_id, deed)
        except (DatabaseAway, TimeoutError):
            services.watch.lost()
    return alarm


async def _do(services: Services, alarm_id: UUID, deed: Deed) -> BoardAlarm:
    async with services.pool.connection(timeout=ANSWER_S) as conn:
        await deed(conn)
    async with services.pool.connection(timeout=ANSWER_S) as conn:
        after = await store.alarm(conn, alarm_id)
    if after is None:
        raise NotFound(f"There is no alarm {alarm_id}.")
    return after


async def _stand(services: Services, journal: DeskJournal, alarm: BoardAlarm, begun: Act) -> BoardAlarm:
    """The journal answers for the step. What the home called is in it too, also where its worker is dead."""
    if begun.doing.needs_holder and alarm.who_id not in (None, begun.staff_id):
        # the database said so before it went away
        holder = Holder(alarm.who_id or 0, alarm.who or "", alarm.taken_at or begun.at, alarm.state == "closed")
        await asyncio.to_thread(journal.refuse, begun, holder)
        raise HeldByAnother(holder.name, holder.at)
    message = services.hearing.message_of(begun.alarm_id)
    if message is not None:
        await asyncio.to_thread(journal.keep_alarm, alarm.gateway_id, message, alarm.heard_at)
    await asyncio.to_thread(journal.stand, begun.number)
    await services.hearing.look_at_journal()
    log.warning("desk_act_in_journal", alarm=str(begun.alarm_id), doing=begun.doing.value, staff=begun.staff_id)
    return laid_over(alarm, services.hearing.standing_of(alarm))


@asynccontextmanager
async def _conflicts_in_words(request: Request, alarm_id: UUID) -> AsyncIterator[None]:
    try:
        yield
    except HeldByAnother as held:
        raise Conflict(language_of(request).gettext("%(who)s has it.", who=held.name)) from held
    except Conflict as conflict:
        raise Conflict(await _closed_words(request, alarm_id) or str(conflict)) from conflict


async def _closed_words(request: Request, alarm_id: UUID) -> str:
    services = services_of(request)
    try:
        async with services.pool.connection(timeout=ANSWER_S) as conn:
            alarm = await store.alarm(conn, alarm_id)
    except DatabaseAway:
        return language_of(request).gettext("The alarm is closed.")
    if alarm is None or alarm.state != "closed":
        return language_of(request).gettext("%(who)s has it.", who=alarm.who) if alarm and alarm.who else ""
    return language_of(request).gettext("The alarm is closed.")
