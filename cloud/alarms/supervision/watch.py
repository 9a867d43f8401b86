"""The look at all gateways, every few seconds: who fell silent, who is heard again."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from prometheus_client import Gauge

from cloud.alarms.supervision import store
from cloud.alarms.supervision.grouping import changes
from cloud.alarms.supervision.model import Cause, Changes, Scope, Silence, Watched
from cloud.db.pool import AsyncConnection, AsyncPool, DatabaseAway
from cloud.process import Process

log = structlog.get_logger()

LOOK_EVERY_S = 5.0
_UNWATCHED_AFTER = timedelta(seconds=30)

OPEN = Gauge("doorstep_silences_open", "Open events of silence", ["scope"])


async def _learn_causes(connection: AsyncConnection, watched: Sequence[Watched], silences: Sequence[Silence]) -> None:
    by_name = {gateway.gateway_id: gateway for gateway in watched}
    for silence in silences:
        for member in silence.present:
            gateway = by_name.get(member.gateway_id)
            if gateway is not None and member.cause is Cause.UNKNOWN is not gateway.cause:
                await store.learn_cause(connection, silence.silence_id, gateway)


class Supervision:
    def __init__(self, process: Process, pool: AsyncPool, *, listening_since: datetime | None = None) -> None:
        """`listening_since`: somebody has looked since then; None: the first look begins it."""
        self._process = process
        self._pool = pool
        self._listening_since = listening_since
        self._last_look: datetime | None = None

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                self._process.healthy("supervision")
            except DatabaseAway as error:
                self._process.ill("supervision", "the database is away")
                log.warning("database_away", what="supervision", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> Changes:
        """One look, in one transaction. Any number may look side by side."""
        async with self._pool.connection() as connection, connection.transaction():
            now = await store.hold_look(connection)
            watched = await store.all_watched(connection)
            silences = await store.open_silences(connection)
            await _learn_causes(connection, watched, silences)
            found = changes(watched, silences, now, self._since(now))
            for silence_id, name in found.left:
                await store.leave(connection, silence_id, name, now)
            for silence_id in found.closed:
                await store.close_silence(connection, silence_id, now)
                log.info("silence_over", silence=str(silence_id))
            for opening in found.opened:
                silence_id = uuid4()
                await store.open_silence(connection, silence_id, opening, now)
                log.warning(
                    "silence",
                    silence=str(silence_id),
                    scope=opening.scope.value,
                    region=opening.region_id,
                    cause=opening.cause.value,
                    gateways=[gateway.gateway_id for gateway in opening.gateways],
                )
            for silence_id, gateway in found.joined:
                await store.join(connection, silence_id, gateway)
            counted = [silence.scope for silence in await store.open_silences(connection)]
        for scope in Scope:
            OPEN.labels(scope.value).set(counted.count(scope))
        return found

    def _since(self, now: datetime) -> datetime:
        """Since when somebody looks without a break. Where nobody did, the database was away too for all we know, and
        with it the heartbeats: gateways get their full time again."""
        missed = self._last_look is not None and now - self._last_look > _UNWATCHED_AFTER
        if self._listening_since is None or missed:
            self._listening_since = now
        self._last_look = now
        return self._listening_since
