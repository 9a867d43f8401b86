"""What coordinators and volunteers do with a visit. Each command is one transaction; done twice it is done once.

The steps are those of every visit (cloud.visits.commands), with their errors; what is added is who may be asked, and
that minutes at the door are booked in the same transaction as the report.
"""

from datetime import datetime
from uuid import UUID

import structlog

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict
from cloud.services.time_bank import commands as bank
from cloud.services.time_bank import store as ledger
from cloud.services.time_bank.model import Deed
from cloud.services.time_bank.posting import LONGEST_VISIT_MIN, minutes_between
from cloud.services.volunteers.matching import Proposal, proposals
from cloud.services.volunteers.visits import store
from cloud.visits import commands as visits
from cloud.visits import store as visit_store
from cloud.visits.asking import store as asking
from cloud.visits.model import Report, Visit, VisitState
from cloud.visits.steps import VisitStep, after

log = structlog.get_logger()

_ALL = 10_000


async def propose(connection: AsyncConnection, visit_id: int, now: datetime, at_most: int = 3) -> list[Proposal]:
    """Who suits the visit best, with the reasons. Raises NotFound."""
    need = await store.need_of(connection, visit_id, now)
    return proposals(need, await store.candidates(connection, visit_id, now), at_most)


async def ask(connection: AsyncConnection, visit_id: int, volunteer_id: int, by: int, now: datetime) -> Visit:
    """A volunteer is asked for the visit, and the elder's hours are set aside for it as far as they have any.

    Raises Conflict where the visit is not to be had, or this volunteer may not go, lacks something or has no time.
    """
    async with connection.transaction():
        visit = await visit_store.get(connection, visit_id, lock=True)
        if visit.state is VisitState.ASSIGNED and visit.nurse_id == volunteer_id:
            return visit
        after(visit.state, VisitStep.ASSIGN)
        if volunteer_id not in {one.staff_id for one in await propose(connection, visit_id, now, _ALL)}:
            raise Conflict("this volunteer may not go there, lacks something that is needed, or has no time")
        need = await store.need_of(connection, visit_id, now)
        await store.set_goer(connection, visit_id, "volunteer")
        await asking.assign(connection, visit_id, volunteer_id, now, answer_by=None, staff_id=by)
        await ledger.open_account(connection, now, elder_id=visit.elder_id)
        aside = await bank.set_aside(connection, visit_id, visit.elder_id, need.minutes, now, staff_id=by)
        log.info("volunteer_asked", visit=visit_id, staff=volunteer_id, minutes_set_aside=aside)
        return await visit_store.get(connection, visit_id)


async def to_nurses(connection: AsyncConnection, visit_id: int, by: int, now: datetime) -> Visit:
    """No volunteer is to go: the visit is the nurses' again, and what was set aside is given back."""
    async with connection.transaction():
        visit = await visit_store.get(connection, visit_id, lock=True)
        if visit.state not in (VisitState.PROPOSED, VisitState.ASSIGNED):
            raise Conflict(f"somebody has this visit already ({visit.state})")
        await store.set_goer(connection, visit_id, "nurse")
        await visit_store.free(connection, visit_id)
        await visit_store.add_event(connection, visit_id, VisitState.PROPOSED, now, staff_id=by)
        await bank.release(connection, visit_id, visit.elder_id, now)
        return await visit_store.get(connection, visit_id)


async def check_out(
    connection: AsyncConnection, visit_id: int, volunteer_id: int, report: Report, now: datetime
) -> tuple[Visit, int]:
    """The volunteer leaves: the report is filed, and the minutes since the check-in are booked; gives them.

    Raises Conflict where nobody checked in.
    """
    async with connection.transaction():
        visit = await visit_store.get(connection, visit_id, lock=True)
        arrived = await store.arrived_at(connection, visit_id, volunteer_id)
        if arrived is None:
            raise Conflict("check in at the door first: minutes count from then on")
        filed = await visits.file_report(connection, visit_id, volunteer_id, report, now)
        minutes = minutes_between(arrived, now)
        await bank.pay_visit(connection, visit_id, visit.elder_id, volunteer_id, minutes, now)
        return filed, minutes


async def correct_minutes(
    connection: AsyncConnection, entry_id: UUID, minutes: int, why: str, now: datetime, *, by: int
) -> None:
    """A visit's minutes were booked wrongly: they are taken back, and `minutes` are booked in their place (0: none).

    Raises NotFound, NotEnough, Conflict where the deed is no visit's, and ValueError for minutes that no visit has.
    """
    if not 0 <= minutes <= LONGEST_VISIT_MIN:
        raise ValueError(f"minutes: expected 0 to {LONGEST_VISIT_MIN}")
    async with connection.transaction():
        kind, visit_id = await ledger.kind_of(connection, entry_id)
        if kind is not Deed.EARN or visit_id is None:
            raise Conflict("only the minutes of visits are booked anew")
        visit = await visit_store.get(connection, visit_id, lock=True)
        if visit.nurse_id is None:
            raise Conflict("nobody made this visit")
        await bank.correct(connection, entry_id, why, now, staff_id=by)
        await bank.pay_visit(connection, visit_id, visit.elder_id, visit.nurse_id, minutes, now)
