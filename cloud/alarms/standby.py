"""The desk while the database is away, and the way back: homes are told by the journal, and the journal is emptied.

A home that the centre knows is told "the centre has it" when the call is on this machine's disk, and "Li has it" when
the take is. What stands only in the journal is brought to the database as soon as it answers.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog

from cloud.alarms import store
from cloud.alarms.catching_up import CAUGHT_UP, bring_act
from cloud.alarms.graveyard import Graveyard
from cloud.alarms.heard import store_alarm
from cloud.alarms.journal import DeskJournal, JournalFails
from cloud.alarms.model import Act, Doing, KeptAlarm, Untold, at_centre
from cloud.alarms.teller import BrokerAway, Teller
from cloud.db.pool import AsyncPool, DatabaseAway, create_async_pool
from cloud.errors import RejectedMessage
from cloud.mqtt import Subscriber
from cloud.process import Process
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmStateMessage

log = structlog.get_logger()

_LOOK_S = 0.25
"""How often the journal is looked at: another process writes the takes."""
_TRY_S = 1.0
_LEARN_S = 30.0
_DATABASE_WITHIN_S = 10.0
_ABANDONED = timedelta(seconds=20)
"""A step begun so long ago has lost its process; whether it was done is found out by doing it."""
_HOLDERS_KEPT = timedelta(days=14)

_STATES = {
    Doing.TAKE: AlarmState.TAKEN,
    Doing.SEND: AlarmState.TAKEN,
    Doing.ON_THE_WAY: AlarmState.ON_THE_WAY,
    Doing.CLOSE: AlarmState.CLOSED,
}


class Standby:
    def __init__(
        self,
        process: Process,
        journal: DeskJournal | None,
        teller: Teller,
        subscriber: Subscriber,
        graveyard: Graveyard,
    ) -> None:
        """Without a `journal` nothing is kept while the database is away, and the broker keeps what it can."""
        self._graveyard = graveyard
        self._process = process
        self._journal = journal
        self._teller = teller
        self._subscriber = subscriber
        self._away = False
        self._awake = asyncio.Event()
        self._known: frozenset[str] = frozenset()
        """Gateways that are registered. Of any other nobody can say that the centre has its call: it knows no door."""

    @property
    def has_journal(self) -> bool:
        return self._journal is not None

    @property
    def away(self) -> bool:
        """Whether alarms go to the journal at once, because the database did not answer lately."""
        return self._away

    def try_database(self) -> None:
        """The next alarm asks the database first."""
        self._away = False

    async def keep(self, kept: KeptAlarm) -> bool:
        """Whether the journal has it on disk. Raises JournalFails."""
        if self._journal is None:
            return False
        new = await asyncio.to_thread(self._journal.keep_alarm, kept.gateway_id, kept.message, kept.heard_at)
        self._away = True
        self._awake.set()
        if new:
            log.warning("alarm_kept_in_journal", alarm=kept.message.alarm, gateway=kept.gateway_id)
        return True

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    async def attend(self) -> None:
        """Until cancelled: tells homes what stands in the journal, and empties it when the database answers."""
        if self._journal is None:
            await asyncio.Event().wait()
            return
        await asyncio.to_thread(self._journal.forget_holders, self._process.clock.now() - _HOLDERS_KEPT)
        self._known = frozenset(await asyncio.to_thread(self._journal.known_gateways))
        next_try = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                waits = await self._look(self._journal)
                if (waits or self._away) and loop.time() >= next_try:
                    next_try = loop.time() + _TRY_S
                    await self._catch_up(self._journal)
                    self._process.healthy("journal")
            except JournalFails as error:
                self._process.ill("journal", "the desk's journal cannot be used")
                log.error("desk_journal", problem=str(error))  # noqa: TRY400 - the sentence says it
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._awake.wait()
            self._awake.clear()

    async def learn_gateways(self, pool: AsyncPool) -> None:
        """Until cancelled: keeps in mind, and in the journal, which gateways are registered."""
        while self._journal is not None:
            try:
                async with pool.connection() as connection:
                    registered = await store.registered_gateways(connection)
                if registered != self._known:
                    await asyncio.to_thread(self._journal.remember_gateways, registered)
                    self._known = registered
            except DatabaseAway:
                pass  # the journal has what was known before
            except JournalFails as error:
                log.error("desk_journal", problem=str(error))  # noqa: TRY400 - the sentence says it
            await asyncio.sleep(_LEARN_S)
        await asyncio.Event().wait()

    async def _look(self, journal: DeskJournal) -> bool:
        """Tells homes what is untold; whether anything waits for the database."""
        alarms, acts = await asyncio.to_thread(_waiting, journal, self._process)
        now = self._process.clock.now()
        untold_alarms = [
            kept
            for kept in alarms
            if kept.told_at is None and not kept.message.cancelled and kept.gateway_id in self._known
        ]
        untold_acts = [act for act in acts if act.told_at is None and act.doing in _STATES]
        steps = [at_centre(kept) for kept in untold_alarms] + [_step(act) for act in untold_acts]
        if steps and self._subscriber.connected:
            try:
                await self._teller.publish(steps)
            except BrokerAway:
                log.warning("broker_slow", what="homes are told again")
            else:
                await asyncio.to_thread(_note_told, journal, untold_alarms, untold_acts, now)
        return bool(alarms or acts)

    async def _catch_up(self, journal: DeskJournal) -> None:
        """Brings everything to the database. What comes meanwhile comes the next time.

        By a connection of its own: those of a pool that found nobody take their time to try again.
        """
        process = self._process
        try:
            async with (
                asyncio.timeout(_DATABASE_WITHIN_S),
                create_async_pool(process.config.database.dsn, "alarms-journal", size=1) as pool,
                pool.connection(timeout=_TRY_S) as connection,
            ):
                for kept in await asyncio.to_thread(journal.kept_alarms):
                    try:
                        await store_alarm(connection, kept, process.config.alarms.take_within_s, process.clock)
                    except RejectedMessage as error:
                        await asyncio.to_thread(self._graveyard.bury_kept, kept, str(error))
                    await asyncio.to_thread(journal.alarm_stored, kept.message)
                    CAUGHT_UP.labels("alarm").inc()
                for act in await asyncio.to_thread(journal.standing):
                    await bring_act(connection, act, journal, process.clock.now())
        except (DatabaseAway, TimeoutError) as error:
            if not self._away:
                log.warning("database_away", what="the desk's journal waits", error=type(error).__name__)
            self._away = True
            process.ill("database", "the database is away")
            return
        if self._away:
            log.info("database_back", what="the desk's journal is empty")
        self._away = False
        process.healthy("database")
        self._teller.wake()


def _waiting(journal: DeskJournal, process: Process) -> tuple[list[KeptAlarm], list[Act]]:
    now = process.clock.now()
    for act in journal.begun():
        if process.clock.wall_duration(now - act.at) < _ABANDONED:
            continue
        journal.stand(act.number)
    return journal.kept_alarms(), journal.standing()


def _note_told(journal: DeskJournal, alarms: list[KeptAlarm], acts: list[Act], at: datetime) -> None:
    for kept in alarms:
        journal.alarm_told(kept.message, at)
    journal.acts_told([act.number for act in acts], at)


def _step(act: Act) -> Untold:
    message = AlarmStateMessage(
        alarm=str(act.alarm_id), state=_STATES[act.doing], at=act.at, by=act.staff_name, minutes=act.minutes
    )
    return Untold(0, act.gateway_id, message)
