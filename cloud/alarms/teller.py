"""Homes hear what the centre did with their alarms: every step, in order, after its COMMIT, until the broker has it."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter

from cloud.alarms import store
from cloud.alarms.journal import DeskJournal, JournalFails
from cloud.alarms.model import Untold
from cloud.db.pool import AsyncPool, DatabaseAway
from cloud.errors import CloudError, NotFound
from cloud.mqtt import Publication, Subscriber
from cloud.process import Process
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import encode
from protocols.telemetry.topics import ALARM_STATE, topic

log = structlog.get_logger()

TOLD = Counter("doorstep_alarms_told", "Steps of alarms that were published to their homes")

_Key = tuple[UUID, AlarmState, datetime]

_AT_ONCE = 100
_ACK_WITHIN_S = 5.0
_RETRY_S = 1.0


class BrokerAway(CloudError):
    """The broker did not confirm in time."""


class Teller:
    def __init__(
        self, process: Process, pool: AsyncPool, subscriber: Subscriber, journal: DeskJournal | None = None
    ) -> None:
        """`journal`: steps that it told homes while the database was away are not told again."""
        self._journal = journal
        self._process = process
        self._pool = pool
        self._subscriber = subscriber
        self._awake = asyncio.Event()
        self._repeats: set[UUID] = set()
        self._announced: set[_Key] = set()
        self._on_their_way: dict[_Key, Publication | None] = {}

    @contextmanager
    def announced(self, step: Untold) -> Iterator[None]:
        """While `step` is being committed: of `tell_at_once` and a notification, whichever is first sends it."""
        key = _key(step)
        self._announced.add(key)
        try:
            yield
        finally:
            self._announced.discard(key)
            self._awake.set()

    def tell_at_once(self, step: Untold) -> None:
        """A step that was committed this moment: it leaves before anything is read again, and is noted as told later.

        Told by another process too, or after a later step, it changes nothing in a home.
        """
        key = _key(step)
        if key in self._on_their_way:
            return
        if self._subscriber.connected:
            self._on_their_way[key] = self._send(step)

    def wake(self) -> None:
        """There may be something to tell."""
        self._awake.set()

    def repeat(self, alarm_id: UUID) -> None:
        """The home asks about this alarm: it is told the newest step once more."""
        self._repeats.add(alarm_id)
        self._awake.set()

    async def tell(self) -> None:
        """Until cancelled. What could not be told is told when the broker and the database are back."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            if not self._subscriber.connected:
                continue  # the connection wakes us when it stands
            try:
                while await _to_its_end(self._tell_some()):
                    pass
                await self._repeat_newest()
            except DatabaseAway as error:
                self._process.ill("database", "the database is away")
                log.warning("database_away", what="telling homes", error=type(error).__name__)
                await self._again_soon()
            except BrokerAway:
                log.warning("broker_slow", what="homes are told again")
                await self._again_soon()

    async def _again_soon(self) -> None:
        await asyncio.sleep(_RETRY_S)
        self._awake.set()

    async def _tell_some(self) -> bool:
        """Whether there may be more."""
        async with self._pool.connection() as connection, connection.transaction():
            await store.hold_teller(connection)
            sent_before = list(self._on_their_way)
            steps = await store.untold(connection, _AT_ONCE)
            if not steps:
                self._forget(sent_before)  # another process noted them
                self._process.healthy("database")
                return False
            await self.publish(await self._not_told_by_journal(steps))
            await store.mark_told(connection, [step.alarm_event_id for step in steps], self._process.clock.now())
        TOLD.inc(len(steps))
        return len(steps) == _AT_ONCE

    async def _not_told_by_journal(self, steps: list[Untold]) -> list[Untold]:
        """A step that the database has committed, without our hearing of it, stands in both."""
        if self._journal is None or all(step.message.state is AlarmState.AT_CENTRE for step in steps):
            return steps
        try:
            acts = await asyncio.to_thread(self._journal.standing)
        except JournalFails as error:
            log.error("desk_journal", problem=str(error))  # noqa: TRY400 - told twice is better than not at all
            return steps
        told = {(str(act.alarm_id), act.at) for act in acts if act.told_at is not None}
        return [step for step in steps if (step.message.alarm, step.message.at) not in told]

    async def _repeat_newest(self) -> None:
        while self._repeats:
            alarm_id = next(iter(self._repeats))
            try:
                async with self._pool.connection() as connection:
                    step = await store.newest_step(connection, alarm_id)
            except NotFound:
                self._repeats.discard(alarm_id)
                continue
            self._on_their_way.pop(_key(step), None)  # what is on its way may be what was lost
            await self.publish([step])
            self._repeats.discard(alarm_id)

    async def publish(self, steps: list[Untold]) -> None:
        """Returns when the broker has all of them. Raises BrokerAway."""
        keys = [_key(step) for step in steps]
        for key, step in zip(keys, steps, strict=True):
            if key not in self._on_their_way:
                self._on_their_way[key] = self._send(step)
        sent = [publication for key in keys if (publication := self._on_their_way[key]) is not None]
        arrived = await asyncio.to_thread(_all_arrived, sent)
        self._forget(keys)
        if not arrived:
            raise BrokerAway

    def _forget(self, keys: Iterable[_Key]) -> None:
        for key in set(keys) - self._announced:
            self._on_their_way.pop(key, None)

    def _send(self, step: Untold) -> Publication | None:
        if not step.gateway_id:
            return None  # said in words: whoever said so sees on their page how it goes
        try:
            where = topic(step.gateway_id, ALARM_STATE)
        except ValueError as error:  # such a gateway cannot be connected: there is no home to tell
            log.warning("gateway_name", gateway=step.gateway_id, error=str(error))
            return None
        publication = self._subscriber.publish(where, encode(step.message))
        log.info("home_told", alarm=step.message.alarm, gateway=step.gateway_id, state=str(step.message.state))
        return publication


def _key(step: Untold) -> _Key:
    return UUID(step.message.alarm), step.message.state, step.message.at


async def _to_its_end(round_: Coroutine[Any, Any, bool]) -> bool:
    """Awaits a round of telling; asked to stop meanwhile, the round is ended first, so that nothing is told twice."""
    task = asyncio.ensure_future(round_)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def _all_arrived(publications: list[Publication]) -> bool:
    return all(publication.wait(_ACK_WITHIN_S) for publication in publications)
