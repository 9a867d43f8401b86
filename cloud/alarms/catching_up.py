"""What the desk's journal kept while the database was away goes into the database, in the order in which it came.

Done twice it is done once, by however many workers. Steps that homes were told stay told.
"""

from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from cloud.alarms import desk, store
from cloud.alarms.journal import DeskJournal
from cloud.alarms.model import Act, Alarm, Doing, Holder
from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from protocols.alarm.states import AlarmState

log = structlog.get_logger()

CAUGHT_UP = Counter("doorstep_alarms_caught_up", "What the desk's journal brought to the database", ["what"])
TAKEN_WITHOUT_DATABASE = "taken_without_database"
"""The note of a step that was done by the desk's journal and that the database could not follow."""

_WAIT_FOR_ALARM = timedelta(days=1)


async def bring_act(connection: AsyncConnection, act: Act, journal: DeskJournal, now: datetime) -> None:
    """Does `act` in the database, and takes it out of the journal. Raises DatabaseAway; JournalFails."""
    try:
        async with connection.transaction():
            await store.hold_teller(connection)
            await _do(connection, act)
            if act.told_at is not None:
                await store.mark_step_told(connection, act.alarm_id, act.at, act.told_at)
    except NotFound:
        if now - act.at < _WAIT_FOR_ALARM:
            return  # its home's message is still to come
        log.error("desk_act_without_alarm", alarm=str(act.alarm_id), doing=act.doing.value)  # noqa: TRY400 - no fault
        journal.settle(act.number)
    except Conflict:
        await _refused(connection, act, journal)
    else:
        journal.settle(act.number)
        CAUGHT_UP.labels("act").inc()
        log.info("desk_act_stored", alarm=str(act.alarm_id), doing=act.doing.value, staff=act.staff_id)


async def _do(connection: AsyncConnection, act: Act) -> None:
    match act.doing:
        case Doing.TAKE:
            await desk.take(connection, act.alarm_id, act.staff_id, act.at)
        case Doing.ON_THE_WAY:
            await desk.on_the_way(connection, act.alarm_id, act.staff_id, act.minutes or 0, act.at)
        case Doing.SEND:
            await desk.send(connection, act.alarm_id, act.staff_id, act.at)
        case Doing.NOTE:
            await desk.note(connection, act.alarm_id, act.staff_id, act.note, act.at)
        case Doing.SEE:
            await desk.see(connection, act.alarm_id, act.staff_id, act.at)
        case Doing.CLOSE:
            await desk.close(connection, act.alarm_id, act.staff_id, act.reason or "real", act.note, act.at)


async def _refused(connection: AsyncConnection, act: Act, journal: DeskJournal) -> None:
    """Somebody took it on another way before the database went away: what the database says goes."""
    async with connection.transaction():
        alarm = await store.get(connection, act.alarm_id, lock=True)
        if alarm.taken_by != act.staff_id:
            await store.add_event(
                connection,
                act.alarm_id,
                alarm.state,
                act.at,
                staff_id=act.staff_id,
                note=TAKEN_WITHOUT_DATABASE,
                tell_home=False,
            )
            log.error("desk_act_refused", alarm=str(act.alarm_id), doing=act.doing.value, staff=act.staff_id)
    journal.refuse(act, holder_of(alarm))
    CAUGHT_UP.labels("refused").inc()


def holder_of(alarm: Alarm) -> Holder | None:
    """Who has it, as the database says."""
    closed = alarm.state is AlarmState.CLOSED
    if alarm.taken_by is None:
        return Holder(0, "", alarm.closed_at or alarm.heard_at, closed) if closed else None
    return Holder(alarm.taken_by, alarm.taken_by_name or "", alarm.taken_at or alarm.heard_at, closed)
