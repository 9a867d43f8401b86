"""Who names the nurse: the desk assigns, a nurse hands on, two go together. Errors as in cloud.visits.commands."""

from datetime import datetime, timedelta

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.visits import store as visits
from cloud.visits.asking import store
from cloud.visits.commands import DEFAULT_PROMISES, need_own
from cloud.visits.model import OVER, Visit, VisitState
from cloud.visits.steps import VisitStep, after


async def assign(
    connection: AsyncConnection,
    visit_id: int,
    staff_id: int,
    nurse_id: int,
    now: datetime,
    *,
    policy: Visits = DEFAULT_PROMISES,
) -> Visit:
    """The desk asks a nurse. Raises Conflict where she does not work where the elder lives."""
    async with connection.transaction():
        visit = await visits.get(connection, visit_id, lock=True)
        if visit.state is VisitState.ASSIGNED and visit.nurse_id == nurse_id:
            return visit
        after(visit.state, VisitStep.ASSIGN)
        return await _ask(connection, visit, staff_id, nurse_id, now, policy)


async def hand_on(  # noqa: PLR0917 - who gives which visit to whom, why, and when
    connection: AsyncConnection,
    visit_id: int,
    staff_id: int,
    nurse_id: int,
    note: str,
    now: datetime,
    *,
    policy: Visits = DEFAULT_PROMISES,
) -> Visit:
    """The nurse gives her visit to a colleague, who is asked."""
    async with connection.transaction():
        visit = await visits.get(connection, visit_id, lock=True)
        if visit.state is VisitState.ASSIGNED and visit.nurse_id == nurse_id:
            return visit
        if nurse_id == staff_id:
            raise Conflict("this visit is yours already")
        need_own(visit, staff_id)
        after(visit.state, VisitStep.HAND_ON)
        await visits.free(connection, visit_id)
        await visits.add_event(
            connection, visit_id, VisitState.HANDED_ON, now, staff_id=staff_id, nurse_id=nurse_id, note=note.strip()
        )
        return await _ask(connection, visit, staff_id, nurse_id, now, policy)


async def bring_second(connection: AsyncConnection, visit_id: int, staff_id: int, now: datetime) -> Visit:
    """Two are to go: gives the second person's visit, proposed to everybody."""
    async with connection.transaction():
        visit = await visits.get(connection, visit_id, lock=True)
        if visit.state in OVER:
            raise Conflict(f"this visit is over ({visit.state}); nobody is to go with it")
        second = await store.put_second(connection, visit_id)
        if second is not None:
            await visits.add_event(connection, second, VisitState.PROPOSED, now, staff_id=staff_id)
        else:
            second = await store.second_of(connection, visit_id)
        return await visits.get(connection, second or visit_id)


async def _ask(  # noqa: PLR0917 - who asks whom to make which visit, and when
    connection: AsyncConnection, visit: Visit, staff_id: int, nurse_id: int, now: datetime, policy: Visits
) -> Visit:
    if not await store.goes_there(connection, visit.visit_id, nurse_id):
        raise Conflict("nobody of this number is a nurse where this elder lives")
    waits = visit.priority is Priority.NOW
    answer_by = now + timedelta(minutes=policy.answer_now_min) if waits else None
    await store.assign(connection, visit.visit_id, nurse_id, now, answer_by=answer_by, staff_id=staff_id)
    return await visits.get(connection, visit.visit_id)
