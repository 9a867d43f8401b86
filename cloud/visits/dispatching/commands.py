"""The dispatcher's word on a visit. Each command is one transaction. Errors as in cloud.visits.commands."""

from datetime import datetime

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict
from cloud.visits import store as visits
from cloud.visits.asking import commands as asking
from cloud.visits.asking import store as asking_store
from cloud.visits.commands import DEFAULT_PROMISES
from cloud.visits.dispatching import store
from cloud.visits.model import Visit, VisitState
from cloud.visits.steps import VisitStep, after

_ASKED = (VisitState.PROPOSED, VisitState.ASSIGNED)


async def pin(  # noqa: PLR0917 - who gives which visit to whom, for when, why, and when
    connection: AsyncConnection,
    visit_id: int,
    staff_id: int,
    nurse_id: int,
    at: datetime | None,
    note: str,
    now: datetime,
    *,
    policy: Visits = DEFAULT_PROMISES,
) -> Visit:
    """This nurse goes, at that time where one is given, whatever else. What a colleague has is handed on to her.

    Raises Conflict where she does not work where the elder lives, or stands at the door already.
    """
    async with connection.transaction():
        visit = await visits.get(connection, visit_id, lock=True)
        if not await asking_store.goes_there(connection, visit_id, nurse_id):
            raise Conflict("nobody of this number is a nurse where this elder lives")
        if visit.state in _ASKED:
            await asking.assign(connection, visit_id, staff_id, nurse_id, now, policy=policy)
        elif visit.nurse_id != nurse_id:
            after(visit.state, VisitStep.HAND_ON)
            if visit.state is VisitState.AT_THE_DOOR:
                raise Conflict("somebody is at the door already")
            await visits.free(connection, visit_id)
            await visits.add_event(
                connection, visit_id, VisitState.HANDED_ON, now, staff_id=staff_id, nurse_id=nurse_id, note=note.strip()
            )
            await asking.assign(connection, visit_id, staff_id, nurse_id, now, policy=policy)
        await store.set_pin(connection, visit_id, nurse_id, at)
        return await visits.get(connection, visit_id)


async def unpin(connection: AsyncConnection, visit_id: int) -> Visit:
    """The next plan may give it to somebody else, as long as nobody accepted it."""
    async with connection.transaction():
        await visits.get(connection, visit_id, lock=True)
        await store.set_pin(connection, visit_id, None, None)
        return await visits.get(connection, visit_id)
