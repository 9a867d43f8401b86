"""Alarm messages from homes become rows. One message at a time, acknowledged to the broker after its COMMIT."""

import asyncio
from datetime import datetime
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram

from cloud.alarms import store
from cloud.alarms.subscriber import alarm_id_of, decode_alarm
from cloud.alarms.teller import Teller
from cloud.alarms.timers import set_overdue_timer
from cloud.db.pool import AsyncConnection, AsyncPool, DatabaseAway, Pool
from cloud.errors import RejectedMessage
from cloud.mqtt import Letter, Subscriber
from cloud.process import Process
from cloud.readings.store import bury
from protocols.alarm.states import AlarmState

log = structlog.get_logger()

CANCELLED_AT_HOME = "cancelled_at_home"
"""The note of an event: the home took the alarm back."""

_RETRY_S = 1.0

RECEIVED = Counter("doorstep_alarms_received", "Alarm messages by what they were", ["as_what"])
SECONDS = Histogram("doorstep_alarms_commit_seconds", "Time from hearing an alarm to its commit")


class Reception:
    def __init__(self, process: Process, pool: AsyncPool, letters_pool: Pool) -> None:
        self._process = process
        self._pool = pool
        self._letters_pool = letters_pool
        self._letters: asyncio.Queue[Letter] = asyncio.Queue()

    def hand_over(self, letter: Letter) -> None:
        """Called on the event loop for each message as it comes."""
        self._letters.put_nowait(letter)

    async def receive(self, subscriber: Subscriber, teller: Teller) -> None:
        """Until cancelled. A message stays unacknowledged until it is kept, in rows or as a dead letter."""
        while True:
            letter = await self._letters.get()
            while not await self._keep(letter, teller):  # noqa: ASYNC110 - no event tells that the server is back
                await asyncio.sleep(_RETRY_S)
            subscriber.acknowledge(letter)

    async def _keep(self, letter: Letter, teller: Teller) -> bool:
        """False where the database is away: nothing is kept, the same letter comes again."""
        try:
            try:
                with SECONDS.time():
                    again = await self._store(letter)
            except RejectedMessage as error:
                await asyncio.to_thread(self._bury, letter, str(error))
            else:
                if again is None:
                    teller.wake()
                else:
                    teller.repeat(again)
        except DatabaseAway as error:
            self._process.ill("database", "the database is away")
            log.warning("database_away", what="an alarm waits to be stored", error=type(error).__name__)
            return False
        self._process.healthy("database")
        return True

    async def _store(self, letter: Letter) -> UUID | None:
        """None for news; the alarm's id where the home asks again about one that is kept already."""
        gateway, message = decode_alarm(letter.topic, letter.payload)
        alarm_id, now = alarm_id_of(message), self._process.clock.now()
        async with self._pool.connection() as connection, connection.transaction():
            new = await store.insert(connection, gateway, message, now)
            if new:
                await set_overdue_timer(
                    connection, alarm_id, now, self._process.config.alarms.take_within_s, self._process.clock
                )
            cancelled = message.cancelled and await _cancel(connection, alarm_id, now)
        RECEIVED.labels("cancelled" if cancelled else "new" if new else "again").inc()
        if not (new or cancelled):
            return alarm_id
        log.info("alarm", alarm=str(alarm_id), gateway=gateway, kind=str(message.kind), new=new, cancelled=cancelled)
        return None

    def _bury(self, letter: Letter, reason: str) -> None:
        with self._letters_pool.connection() as connection:
            bury(connection, letter.topic, letter.payload, reason, at=self._process.clock.now())
        RECEIVED.labels("rejected").inc()
        log.warning("alarm_rejected", topic=letter.topic, reason=reason)


async def _cancel(connection: AsyncConnection, alarm_id: UUID, now: datetime) -> bool:
    """The home takes it back. True where nobody had it: it is closed. Else who has it is told, and closes it."""
    if await store.cancel(connection, alarm_id, now):
        await store.add_event(connection, alarm_id, AlarmState.CLOSED, now, note=CANCELLED_AT_HOME)
        return True
    alarm = await store.get(connection, alarm_id, lock=True)
    if alarm.state is not AlarmState.CLOSED and not await store.has_note(connection, alarm_id, CANCELLED_AT_HOME):
        await store.add_event(connection, alarm_id, alarm.state, now, note=CANCELLED_AT_HOME, tell_home=False)
    return False
