"""Visits from alerts and alarms: made once an episode, hastened when it grows, called off when nobody is needed."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from cloud.alarms import store as alarms
from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.registry.demands import store as demands
from cloud.routes_config import Routes
from cloud.visits import store
from cloud.visits.commands import DEFAULT_PROMISES
from cloud.visits.model import AnotherOnTheWay, Visit, VisitState
from cloud.visits.promises import promised_within
from cloud.visits.promising.promising import DEFAULT_HOURS, promised_by
from protocols.alarm.states import AlarmState

log = structlog.get_logger()

CLEARED = "cleared"
"""The note of a cancelled visit: its alert ended by itself before anybody had accepted."""


async def follow_alerts(
    connection: AsyncConnection, now: datetime, promises: Visits, routes: Routes = DEFAULT_HOURS
) -> int:
    """Brings the visits to what the alerts say; gives how many changed. One transaction; done twice it is done once."""
    changed = 0
    async with connection.transaction():
        for alert_id, elder_id, priority, raised_at, floor in await store.unvisited_alerts(connection):
            by = await promised_by(connection, elder_id, priority, raised_at, promises, routes, floor=floor)
            visit_id = await store.add_for_alert(
                connection, alert_id, elder_id, priority, asked_at=raised_at, promised_by=by
            )
            if visit_id is not None:
                await store.add_event(connection, visit_id, VisitState.PROPOSED, now)
                await demands.put_noticed(connection, visit_id, now)
                log.info("visit_proposed", visit=visit_id, alert=alert_id, priority=str(priority))
                changed += 1
        for visit_id, elder_id, state, priority, floor in await store.outgrown(connection):
            by = await promised_by(connection, elder_id, priority, now, promises, routes, floor=floor)
            await store.hasten(connection, visit_id, priority, by)
            await store.add_event(connection, visit_id, state, now, note=f"priority {priority}")
            log.info("visit_hastened", visit=visit_id, priority=str(priority))
            changed += 1
        for visit_id in await store.needless(connection):
            await store.cancel(connection, visit_id, CLEARED, now)
            log.info("visit_cancelled", visit=visit_id)
            changed += 1
    return changed


async def dispatch_for_alarm(
    connection: AsyncConnection,
    alarm_id: UUID,
    staff_id: int,
    now: datetime,
    *,
    promises: Visits = DEFAULT_PROMISES,
) -> Visit | None:
    """The alarm's visit, made where there is none: promised by the minutes that the home was told.

    A nurse who says "on the way" travels herself; what the desk sends is proposed to the nurses. None where nobody
    is known to have called, so that no elder can be visited. Raises NotFound, and Conflict where the alarm is closed.
    """
    async with connection.transaction():
        alarm = await alarms.get(connection, alarm_id, lock=True)
        if alarm.state is AlarmState.CLOSED:
            raise Conflict("this alarm is closed; nobody is sent")
        if alarm.elder_id is None:
            return None
        by = now + promised_within(Priority.NOW, promises)
        told_at = await store.on_the_way_since(connection, alarm_id)
        if told_at is not None and alarm.minutes is not None:
            by = told_at + timedelta(minutes=alarm.minutes)
        visit_id = await store.add_for_alarm(
            connection, alarm_id, alarm.elder_id, asked_at=alarm.heard_at, promised_by=by
        )
        if visit_id is not None:
            await store.add_event(connection, visit_id, VisitState.PROPOSED, now, staff_id=staff_id)
            log.info("visit_proposed", visit=visit_id, alarm=str(alarm_id), priority=str(Priority.NOW))
        visit = await store.visit_of_alarm(connection, alarm_id)
        if told_at is not None and visit.promised_by != by and visit.state in _BEFORE_THE_DOOR:
            await store.promise(connection, visit.visit_id, by)
        if visit.state in _NOBODYS_YET and await store.is_nurse(connection, staff_id):
            await store.move(connection, visit.visit_id, VisitState.ACCEPTED, now, nurse_id=staff_id)
            with suppress(AnotherOnTheWay):  # a colleague is there already: it is hers to say who goes on
                await store.move(connection, visit.visit_id, VisitState.TRAVELLING, now, nurse_id=staff_id)
        return await store.get(connection, visit.visit_id)


async def follow_alarms(connection: AsyncConnection, now: datetime, promises: Visits) -> int:
    """Makes the visits that the desk asked for while the database was away; gives how many."""
    made = 0
    for alarm_id, staff_id in await store.unvisited_alarms(connection):
        try:
            made += await dispatch_for_alarm(connection, alarm_id, staff_id, now, promises=promises) is not None
        except Conflict:
            continue  # closed meanwhile
    return made


_NOBODYS_YET = (VisitState.PROPOSED, VisitState.ASSIGNED)
_BEFORE_THE_DOOR = (*_NOBODYS_YET, VisitState.ACCEPTED, VisitState.TRAVELLING)
