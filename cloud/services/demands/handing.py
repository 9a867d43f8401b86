"""A demand becomes a visit of the one queue, or a call of the alarm desk. Each works in the caller's transaction."""

from uuid import UUID, uuid4

import structlog

from cloud.alarms import store as alarms
from cloud.alarms.timers import set_overdue_timer
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.registry.demands import store
from cloud.registry.demands.demand import Demand, DemandState, Doer, Mouth, Urgency
from cloud.services.demands.centre import Centre
from cloud.visits import store as visits
from cloud.visits.asked import store as asked_store
from cloud.visits.asked.commands import Asked, AskedBy, ask_for
from cloud.visits.commands import LONGEST_WISH, request
from cloud.visits.model import Visit
from protocols.alarm.states import AlarmState

log = structlog.get_logger()

_SIDES: dict[Mouth, AskedBy] = {Mouth.FAMILY: "family", Mouth.DOCTOR: "doctor"}


async def send_somebody(connection: AsyncConnection, demand: Demand, by: Doer, centre: Centre) -> int:
    """The visit that stands for the demand from now on: a new one, or the one of the same side that is open.

    Raises ValueError where the demand's time is over.
    """
    if demand.mouth is Mouth.ELDER:
        policy, routes = centre.config.visits, centre.config.routes
        wish = demand.text[:LONGEST_WISH]
        visit = await request(connection, demand.elder_id, wish, centre.now, promises=policy, routes=routes)
    else:
        visit = await _ask(connection, demand, by, centre)
    await store.move(connection, demand.demand_id, DemandState.VISIT, by, centre.now, visit_id=visit.visit_id)
    log.info("demand_visit", demand=demand.demand_id, visit=visit.visit_id, kind=demand.kind)
    return visit.visit_id


async def _ask(connection: AsyncConnection, demand: Demand, by: Doer, centre: Centre) -> Visit:
    side = _SIDES.get(demand.mouth, "staff")
    wish = demand.text[:LONGEST_WISH]
    urgent = demand.urgency is Urgency.NOW
    asked = Asked(
        wish=wish,
        priority=Priority.NOW if urgent else Priority(demand.urgency),
        from_at=demand.from_at,
        promised_by=demand.until_at,
    )
    policy, routes = centre.config.visits, centre.config.routes
    try:
        return await ask_for(
            connection, demand.elder_id, side, asked, centre.now, by.staff_id, promises=policy, routes=routes
        )
    except Conflict:
        visit_id = await asked_store.open_asked(connection, demand.elder_id, side)
        if visit_id is None:
            raise
        visit = await visits.get(connection, visit_id, lock=True)
        await visits.add_event(
            connection, visit_id, visit.state, centre.now, staff_id=by.staff_id, nurse_id=visit.nurse_id, note=wish
        )
        return visit


async def call(connection: AsyncConnection, demand: Demand, by: Doer, centre: Centre) -> UUID:
    """The alarm desk has it at once: an alarm of the elder, with the words beside it."""
    alarm_id = uuid4()
    await alarms.insert_said(connection, alarm_id, demand.elder_id, centre.now)
    await add_words(connection, alarm_id, demand.text, centre)
    await set_overdue_timer(connection, alarm_id, centre.now, centre.config.alarms.take_within_s, centre.clock)
    await store.move(connection, demand.demand_id, DemandState.CALLING, by, centre.now, alarm_id=alarm_id)
    log.warning("demand_calls", demand=demand.demand_id, alarm=str(alarm_id), mouth=demand.mouth.value)
    return alarm_id


async def add_words(connection: AsyncConnection, alarm_id: UUID, text: str, centre: Centre) -> None:
    """Words that were said, for the card of who calls."""
    await alarms.add_event(connection, alarm_id, AlarmState.AT_CENTRE, centre.now, note=text, tell_home=False)
