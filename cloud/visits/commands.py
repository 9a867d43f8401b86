"""What a nurse and an elder do with a visit. Each command is one transaction; done twice by one person it is done once.

`connection` is committed by the command, unless the caller has a transaction of its own open. All raise NotFound,
and Conflict where the step is not to be had: AnotherNurse names who has the visit, StepNotAllowed how it stands.
"""

from datetime import datetime

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.errors import Conflict, NotFound
from cloud.routes_config import Routes
from cloud.visits import store
from cloud.visits.following.follow_up import hear_mark, propose_next
from cloud.visits.model import AnotherNurse, Report, Visit, VisitState
from cloud.visits.promising.promising import DEFAULT_HOURS, promised_by
from cloud.visits.reporting import store as reporting
from cloud.visits.steps import VisitStep, after, is_behind

FACES = range(1, 6)
LONGEST_WISH = 200
LONGEST_WORD = 2000
TAKEN_BACK = "taken_back"
"""The note of a cancelled visit: the elder who had asked for it needs nobody any more."""
DEFAULT_PROMISES = Visits()


async def accept(connection: AsyncConnection, visit_id: int, staff_id: int, now: datetime) -> Visit:
    """The visit, now the nurse's: the first who asks has it."""
    return await _step(connection, visit_id, staff_id, VisitStep.ACCEPT, now)


async def travel(connection: AsyncConnection, visit_id: int, staff_id: int, now: datetime) -> Visit:
    """The nurse is on the way."""
    return await _step(connection, visit_id, staff_id, VisitStep.TRAVEL, now)


async def arrive(connection: AsyncConnection, visit_id: int, staff_id: int, now: datetime) -> Visit:
    """The nurse stands at the door."""
    return await _step(connection, visit_id, staff_id, VisitStep.ARRIVE, now)


async def no_answer(connection: AsyncConnection, visit_id: int, staff_id: int, note: str, now: datetime) -> Visit:
    """Nobody opens. The visit stays the nurse's."""
    return await _step(connection, visit_id, staff_id, VisitStep.NO_ANSWER, now, note=note.strip())


async def cancel(connection: AsyncConnection, visit_id: int, staff_id: int, note: str, now: datetime) -> Visit:
    """The desk, or the nurse whose visit it is, says that nobody need come, and why.

    Raises ValueError where it is not said why. Whose right that is the caller knows.
    """
    if not note.strip():
        raise ValueError("note: expected why nobody need come")
    async with connection.transaction():
        visit = await store.get(connection, visit_id, lock=True)
        if visit.state is VisitState.CANCELLED:
            return visit
        after(visit.state, VisitStep.CANCEL)
        await store.cancel(connection, visit_id, note.strip(), now, staff_id=staff_id)
        return await store.get(connection, visit_id)


async def decline(connection: AsyncConnection, visit_id: int, staff_id: int, note: str, now: datetime) -> Visit:
    """The visit goes back to be proposed to the next nurse, with the note in its history."""
    async with connection.transaction():
        visit = await store.get(connection, visit_id, lock=True)
        if visit.nurse_id is None and await store.last_step(connection, visit_id) == (VisitState.DECLINED, staff_id):
            return visit
        need_own(visit, staff_id)
        after(visit.state, VisitStep.DECLINE)
        await store.give_back(connection, visit_id, staff_id, note.strip(), now)
        return await store.get(connection, visit_id)


async def file_report(
    connection: AsyncConnection,
    visit_id: int,
    staff_id: int,
    report: Report,
    now: datetime,
    *,
    arrived_at: datetime | None = None,
) -> Visit:
    """Files the report, and in the same transaction gives its verdict to the alert, ends the episode, and makes what
    was measured readings of the elder. `arrived_at`: when the centre had it, where that is later than `now`.

    Raises Conflict where another report stands already.
    """
    async with connection.transaction():
        visit = await store.get(connection, visit_id, lock=True)
        if is_behind(visit.state, VisitStep.FILE) and visit.nurse_id == staff_id:
            if await reporting.report_of(connection, visit_id) == (staff_id, report):
                return visit
            raise Conflict("you filed another report on this visit already; it stands as it is")
        need_own(visit, staff_id)
        await reporting.add_report(connection, visit_id, staff_id, report, now)
        if report.measured:
            await reporting.file_measured(connection, visit_id, arrived_at or now)
        if report.next_on is not None:
            await propose_next(connection, visit_id, staff_id, report.next_on, now)
        await store.move(connection, visit_id, after(visit.state, VisitStep.FILE), now, nurse_id=staff_id)
        if visit.alert_id is not None:
            await reporting.close_alert(connection, visit.alert_id, report.verdict, staff_id, now)
        return await store.get(connection, visit_id)


async def assess(  # noqa: PLR0917 - who says what of which visit, and when
    connection: AsyncConnection,
    visit_id: int,
    elder_id: int,
    face: int,
    word: str,
    now: datetime,
    *,
    policy: Visits = DEFAULT_PROMISES,
    routes: Routes = DEFAULT_HOURS,
) -> Visit:
    """The elder's word on a visit: `face` 1 (very bad) to 5 (very good). A second thought replaces the first.

    A low mark opens a visit that follows.

    Raises NotFound where the visit is not this elder's, and ValueError for a face out of range.
    """
    if face not in FACES:
        raise ValueError(f"face: expected 1 to 5, got {face}")
    async with connection.transaction():
        visit = await store.get(connection, visit_id, lock=True)
        if visit.elder_id != elder_id:
            raise NotFound(f"there is no visit {visit_id} of yours")
        state = after(visit.state, VisitStep.ASSESS)
        if visit.nurse_id is not None and await reporting.set_assessment(
            connection, visit_id, face, word.strip()[:LONGEST_WORD], now
        ):
            await store.move(connection, visit_id, state, now, nurse_id=visit.nurse_id, by_elder=True)
            await hear_mark(connection, visit_id, elder_id, face, now, policy, routes)
        return await store.get(connection, visit_id)


async def request(
    connection: AsyncConnection,
    elder_id: int,
    wish: str,
    now: datetime,
    *,
    promises: Visits = DEFAULT_PROMISES,
    routes: Routes = DEFAULT_HOURS,
) -> Visit:
    """The elder wants somebody to come, today or first thing in the morning.

    While one such visit is open the newest wish is added to it.

    `wish` is a short code or a line, 1 to 200 characters; raises ValueError for another length.
    """
    wish = wish.strip()
    if not 0 < len(wish) <= LONGEST_WISH:
        raise ValueError(f"wish: expected 1 to {LONGEST_WISH} characters, got {len(wish)}")
    async with connection.transaction():
        by = await promised_by(connection, elder_id, Priority.TODAY, now, promises, routes)
        visit_id = await store.add_request(connection, elder_id, wish, Priority.TODAY, asked_at=now, promised_by=by)
        if visit_id is not None:
            await store.add_event(connection, visit_id, VisitState.PROPOSED, now, note=wish, by_elder=True)
            return await store.get(connection, visit_id)
        visit = await store.open_request(connection, elder_id)
        if visit is None:  # accepted and begun while we asked: the next tap makes a new one
            raise Conflict("somebody is on the way to you already")
        if visit.wish != wish:
            await store.set_wish(connection, visit.visit_id, wish)
            await store.add_event(
                connection, visit.visit_id, visit.state, now, nurse_id=visit.nurse_id, note=wish, by_elder=True
            )
        return await store.get(connection, visit.visit_id)


async def take_back(connection: AsyncConnection, elder_id: int, now: datetime) -> bool:
    """The elder needs nobody any more; False where they asked for nobody, or somebody accepted it already."""
    async with connection.transaction():
        visit = await store.open_request(connection, elder_id)
        if visit is None or visit.state is VisitState.ACCEPTED:
            return False
        await store.cancel(connection, visit.visit_id, TAKEN_BACK, now, by_elder=True)
        return True


async def _step(
    connection: AsyncConnection, visit_id: int, staff_id: int, step: VisitStep, now: datetime, *, note: str = ""
) -> Visit:
    async with connection.transaction():
        visit = await store.get(connection, visit_id, lock=True)
        if visit.nurse_id == staff_id and is_behind(visit.state, step):
            return visit
        if step is not VisitStep.ACCEPT or visit.state is not VisitState.ASSIGNED:  # who was asked may be overtaken
            need_own(visit, staff_id)
        await store.move(connection, visit_id, after(visit.state, step), now, nurse_id=staff_id, note=note)
        return await store.get(connection, visit_id)


def need_own(visit: Visit, staff_id: int) -> None:
    """Raises AnotherNurse where somebody else has the visit."""
    if visit.nurse_id is not None and visit.nurse_id != staff_id:
        raise AnotherNurse(visit.nurse_name or "somebody", visit.state)
