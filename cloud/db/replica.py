"""A replica beside the primary, for pages that only read: asked while it is near, and never needed.

How far behind it is, is measured by its own passing of positions that the primary had at known moments, so neither
clock has to be right. What was just written may be missing for so long; nobody may decide by it that nothing is there.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from cloud.db.pool import AsyncConnection, AsyncPool, DatabaseAway
from cloud.process import Health

log = structlog.get_logger()

LOOK_S = 1.0
ANSWER_S = 3.0
"""A replica that takes longer is away."""
_MOST_POSITIONS = 3600

_PRIMARY = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
_REPLICA = """
SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       '0/0')::bigint
"""

Found = TypeVar("Found")


class Replica:
    """Belongs to one event loop. Without `pool` there is none, and all is read from `primary`."""

    def __init__(self, primary: AsyncPool, pool: AsyncPool | None, health: Health, near_s: float) -> None:
        """A replica that is more than `near_s` behind is not asked."""
        self._primary = primary
        self._pool = pool
        self._health = health
        self._near_s = near_s
        self._near = False
        self._positions: deque[tuple[float, int]] = deque(maxlen=_MOST_POSITIONS)
        """Monotonic seconds and byte of the primary's log, of those that the replica has not passed."""
        self._passed_s: float | None = None

    async def read(self, ask: Callable[[AsyncConnection], Awaitable[Found]]) -> Found:
        """What `ask`, which only reads, finds; it may be called twice. Raises DatabaseAway where neither answers."""
        if self._pool is not None and self._near:
            try:
                async with self._pool.connection(timeout=ANSWER_S) as conn:
                    return await ask(conn)
            except DatabaseAway:
                self._say("does not answer", near=False)
        async with self._primary.connection() as conn:
            return await ask(conn)

    async def watch(self) -> None:
        """Looks every LOOK_S how far behind the replica is, and says so on /health. Until cancelled."""
        while self._pool is not None:
            try:
                async with asyncio.timeout(2 * ANSWER_S):
                    behind_s = await self._look(self._pool)
            except (DatabaseAway, TimeoutError):
                self._say("does not answer", near=False)
            else:
                state = "has not caught up yet" if math.isinf(behind_s) else f"{behind_s:.0f} s behind"
                self._say(state, near=behind_s <= self._near_s)
            await asyncio.sleep(LOOK_S)

    async def _look(self, pool: AsyncPool) -> float:
        """Seconds that the replica is behind; infinite until it has passed anything."""
        try:
            self._positions.append((time.monotonic(), await _position(self._primary, _PRIMARY)))
        except DatabaseAway:
            log.debug("primary_away", what="the replica is judged by what the primary last said")
        replayed = await _position(pool, _REPLICA)
        while self._positions and self._positions[0][1] <= replayed:
            self._passed_s = self._positions.popleft()[0]
        if self._passed_s is None:
            return math.inf
        return time.monotonic() - self._passed_s if self._positions else 0.0

    def _say(self, state: str, *, near: bool) -> None:
        if near != self._near:
            log.info("replica_near" if near else "replica_far", state=state)
        self._near = near
        self._health.note("replica", state if near else f"{state}: pages are read from the primary")


async def _position(pool: AsyncPool, query: str) -> int:
    async with pool.connection(timeout=ANSWER_S) as conn:
        cursor = await conn.execute(query.encode())
        row = await cursor.fetchone()
    return 0 if row is None or row[0] is None else int(row[0])
