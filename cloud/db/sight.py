"""For whom the web works just now, told to the database in each transaction: its policies do the rest.

A request belongs to one task, and so does its sight. Who says nothing is nobody, and nobody sees no home.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from cloud.db.grants import WEB_ROLE
from cloud.db.pool import (
    CONNECT_TIMEOUT_S,
    RECONNECT_S,
    AsyncConnection,
    AsyncPool,
    connection_settings,
)


@dataclass(frozen=True)
class Sight:
    """What `web.role()` and its neighbours answer (migration 0018)."""

    role: str
    """A role of staff; `link`: an elder by their own link; `centre`: everything; empty: nobody is signed in."""
    staff_id: int | None = None
    regions: frozenset[int] = frozenset()
    link: bytes = b""
    """SHA-256 of the token in an elder's link; empty where `elder_id` is known."""
    elder_id: int | None = None
    """Whose link it is."""


NOBODY = Sight("")
CENTRE = Sight("centre")
"""For what the web keeps in memory for everybody, and shows to each person in part only."""

_sight: ContextVar[Sight] = ContextVar("sight", default=NOBODY)
_SAY = """
SELECT set_config('doorstep.role', %s, true), set_config('doorstep.staff_id', %s, true),
       set_config('doorstep.regions', %s, true), set_config('doorstep.link', %s, true),
       set_config('doorstep.elder_id', %s, true)
"""


def see_as(sight: Sight) -> None:
    """All connections that this task takes from now on see what `sight` may."""
    _sight.set(sight)


async def look_as(connection: AsyncConnection, sight: Sight) -> None:
    """`see_as`, also for the rest of the transaction that `connection` is in."""
    see_as(sight)
    await tell(connection, sight)


@contextmanager
def seeing(sight: Sight) -> Iterator[None]:
    """`see_as`, for as long as the context lives."""
    before = _sight.set(sight)
    try:
        yield
    finally:
        _sight.reset(before)


async def tell(connection: AsyncConnection, sight: Sight) -> None:
    """To the database, until the transaction ends: what follows a commit is done by nobody."""
    regions = "{" + ",".join(map(str, sorted(sight.regions))) + "}"
    await connection.execute(
        _SAY, (sight.role, _text(sight.staff_id), regions, sight.link.hex(), _text(sight.elder_id))
    )


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def create_sighted_pool(dsn: str, name: str, *, size: int = 4, planned_once: bool = False) -> AsyncPool:
    """`cloud.db.pool.create_async_pool` for the web.

    Its connections work as `WEB_ROLE`, each time for the sight of the task that takes them. With `planned_once` each
    plans a statement at its first use and keeps to that, whatever the values: for the same few statements again and
    again, which take longer to plan than to run.
    """
    settings: dict[str, Any] = connection_settings(name)
    settings["options"] += f" -c role={WEB_ROLE} -c search_path=web,public"
    if planned_once:
        settings["options"] += " -c plan_cache_mode=force_generic_plan"
        settings["prepare_threshold"] = 0
    return AsyncConnectionPool(
        dsn,
        connection_class=psycopg.AsyncConnection[tuple[Any, ...]],
        kwargs=settings,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        reconnect_timeout=RECONNECT_S,
        check=_begin,
        name=name,
        open=False,
    )


async def _begin(connection: AsyncConnection) -> None:
    """Stands where other pools ask whether a connection lives, so that it costs no way more: a dead one fails here."""
    await tell(connection, _sight.get())
