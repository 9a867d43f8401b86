"""Wake-ups by LISTEN. An empty answer means "look anyway": polling is the truth, NOTIFY only shortens the wait."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg import sql

from cloud.db.pool import DatabaseAway, connection_settings

log = structlog.get_logger()

_SLICE_S = 0.25  # how soon a wait notices that its process is asked to stop


class Wake(NamedTuple):
    channel: str
    payload: str


class Listener:
    """One connection that listens. Made again by itself when the server was away."""

    def __init__(self, dsn: str, channels: Sequence[str], name: str) -> None:
        self._dsn = dsn
        self._channels = tuple(channels)
        self._name = f"{name}-listen"
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def wait(self, timeout_s: float, stop: threading.Event | None = None) -> list[Wake]:
        """What was notified since the last call, as soon as there is anything.

        Empty after `timeout_s`, as soon as `stop` is set, and after a connection was made anew: in each case the
        caller looks at its tables, because notifications may have been missed.
        """
        deadline = time.monotonic() + timeout_s
        try:
            fresh = self._connection is None or self._connection.closed
            connection = self._open()
            if fresh:
                return []
            while (left_s := deadline - time.monotonic()) > 0 and not (stop and stop.is_set()):
                heard = [
                    Wake(notice.channel, notice.payload)
                    for notice in connection.notifies(timeout=min(left_s, _SLICE_S), stop_after=1)
                ]
                if heard:
                    return heard
        except DatabaseAway as error:
            log.warning("database_away", what="listening", error=_first_line(error))
            self.close()
            left_s = max(deadline - time.monotonic(), 0)
            if stop is None:
                time.sleep(left_s)
            else:
                stop.wait(left_s)
        return []

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, **connection_settings(self._name))
            for channel in self._channels:
                self._connection.execute(_listen(channel))
        return self._connection

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def listen(
    dsn: str, channels: Sequence[str], name: str, *, idle_s: float, gather_s: float = 0.0
) -> AsyncIterator[list[Wake]]:
    """Every notification on `channels`, for ever; a list is empty when `idle_s` passed or the connection is new.

    What comes within `gather_s` after a first one is told together with it: for who looks at whole tables then.
    The server being away is said in the log once a try and ends nothing; close the generator to stop.
    """
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, **connection_settings(f"{name}-listen")
            )
            async with connection:
                for channel in channels:
                    await connection.execute(_listen(channel))
                yield []
                while True:
                    heard = [
                        Wake(notice.channel, notice.payload)
                        async for notice in connection.notifies(timeout=idle_s, stop_after=1)
                    ]
                    if heard and gather_s:
                        heard += [
                            Wake(notice.channel, notice.payload)
                            async for notice in connection.notifies(timeout=gather_s)
                        ]
                    yield heard
        except DatabaseAway as error:
            log.warning("database_away", what="listening", error=_first_line(error))
            await asyncio.sleep(min(idle_s, 1.0))


def _listen(channel: str) -> sql.Composed:
    return sql.SQL("LISTEN {}").format(sql.Identifier(channel))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
