"""Alarm messages from homes become rows. One message at a time, acknowledged to the broker after its COMMIT.

While the database is away the desk's journal keeps them (`standby`), and its disk is what they are acknowledged for.
"""

import asyncio

import structlog
from prometheus_client import Histogram

from cloud.alarms.drills.answer import answer_drill
from cloud.alarms.figures import RECEIVED
from cloud.alarms.graveyard import Graveyard
from cloud.alarms.heard import store_alarm
from cloud.alarms.journal import JournalFails
from cloud.alarms.model import KeptAlarm, at_centre
from cloud.alarms.standby import Standby
from cloud.alarms.subscriber import alarm_id_of, decode_alarm
from cloud.alarms.teller import Teller
from cloud.db.pool import AsyncPool, DatabaseAway
from cloud.errors import RejectedMessage
from cloud.mqtt import Letter, Subscriber
from cloud.process import Process
from protocols.alarm.kinds import AlarmKind

log = structlog.get_logger()

_RETRY_S = 1.0
_COMMIT_WITHIN_S = 1.0
"""Then the journal keeps it. A commit that was under way all the same is the same alarm."""

SECONDS = Histogram("doorstep_alarms_commit_seconds", "Time from hearing an alarm to its commit")


class Reception:
    def __init__(self, process: Process, pool: AsyncPool, graveyard: Graveyard, standby: Standby) -> None:
        self._process = process
        self._pool = pool
        self._graveyard = graveyard
        self._standby = standby
        self._letters: asyncio.Queue[Letter] = asyncio.Queue()

    def hand_over(self, letter: Letter) -> None:
        """Called on the event loop for each message as it comes."""
        self._letters.put_nowait(letter)

    async def receive(self, subscriber: Subscriber, teller: Teller) -> None:
        """Until cancelled. A message stays unacknowledged until it is kept, in rows or as a dead letter."""
        while True:
            letter = await self._letters.get()
            while not await self._keep(letter, subscriber, teller):  # noqa: ASYNC110 - no event tells that the server is back
                await asyncio.sleep(_RETRY_S)
            subscriber.acknowledge(letter)

    async def _keep(self, letter: Letter, subscriber: Subscriber, teller: Teller) -> bool:
        """False where neither the database nor the journal keeps it: the same letter comes again."""
        try:
            gateway, message = decode_alarm(letter.topic, letter.payload)
            kept = KeptAlarm(gateway, message, self._process.clock.now(), None)
            if message.kind is AlarmKind.DRILL:
                await self._answer_drill(kept, subscriber)
                return True
            if not self._standby.away:
                return await self._keep_in_database(kept, teller)
            return await self._standby.keep(kept)
        except RejectedMessage as error:
            try:
                await asyncio.to_thread(self._graveyard.bury, letter.topic, letter.payload, str(error))
            except DatabaseAway:
                return False
            return True
        except JournalFails as error:
            log.error("alarm_not_kept", problem=str(error), what="the home is told nothing, and calls again")  # noqa: TRY400
            self._process.ill("journal", "neither the database nor this machine's disk keeps alarms")
            self._standby.try_database()
            return False

    async def _answer_drill(self, kept: KeptAlarm, subscriber: Subscriber) -> None:
        """Raises RejectedMessage. What the database cannot take is not answered: then the drill has shown that."""
        try:
            async with asyncio.timeout(_COMMIT_WITHIN_S):
                await answer_drill(self._pool, subscriber, kept)
        except (DatabaseAway, TimeoutError) as error:
            log.warning("database_away", what="a drill is not answered", error=type(error).__name__)

    async def _keep_in_database(self, kept: KeptAlarm, teller: Teller) -> bool:
        try:
            with teller.announced(at_centre(kept)):
                async with asyncio.timeout(_COMMIT_WITHIN_S if self._standby.has_journal else None):
                    news = await self._store(kept)
                if news and not kept.message.cancelled:
                    teller.tell_at_once(at_centre(kept))
        except (DatabaseAway, TimeoutError) as error:
            self._process.ill("database", "the database is away")
            log.warning("database_away", what="an alarm waits to be stored", error=type(error).__name__)
            return await self._standby.keep(kept)
        if not news:
            teller.repeat(alarm_id_of(kept.message))
        self._note(kept, news=news)
        self._process.healthy("database")
        return True

    async def _store(self, kept: KeptAlarm) -> bool:
        """False where the home asks again about an alarm that is kept already.

        A connection of its own and no question first whether it lives: the home waits. One that died is tried anew.
        """
        with SECONDS.time():
            try:
                return await self._try_to_store(kept)
            except DatabaseAway:
                return await self._try_to_store(kept)

    async def _try_to_store(self, kept: KeptAlarm) -> bool:
        process = self._process
        async with self._pool.connection() as connection:
            return await store_alarm(connection, kept, process.config.alarms.take_within_s, process.clock)

    def _note(self, kept: KeptAlarm, *, news: bool) -> None:
        RECEIVED.labels(("cancelled" if kept.message.cancelled else "new") if news else "again").inc()
        if news:
            log.info(
                "alarm",
                alarm=str(alarm_id_of(kept.message)),
                gateway=kept.gateway_id,
                kind=str(kept.message.kind),
                cancelled=kept.message.cancelled,
            )
