"""One attempt to connect: wait until the device is heard, then ask for a link, as the kernel does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from bumble import hci
from bumble.device import Connection

from firmware_sim.bluez import errors
from firmware_sim.bluez.errors import BluezError

CONNECT_TIMEOUT_S = 20.0

Listening = Callable[["LinkAttempt"], AbstractAsyncContextManager[None]]
"""Scans for as long as an attempt waits to hear its device."""


class LinkAttempt:
    """Connects to one device. Several attempts may wait at the same time; each link is asked for alone."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection | None]],
        listening: Listening,
    ) -> None:
        self._connect = connect
        self._listening = listening
        self._news = asyncio.Event()
        self._cancelled: str | None = None

    def on_heard(self) -> None:
        """The device has just sent a connectable advertisement."""
        self._news.set()

    def cancel(self, reason: str) -> None:
        """Give up; `reason` is the text of the error that the waiting client gets."""
        self._cancelled = reason
        self._news.set()

    async def run(self) -> Connection:
        """Return the link. Raises BluezError Failed after 20 s, or with the reason of a cancellation."""
        async with self._listening(self):
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    return await self._run()
            except TimeoutError as error:
                raise BluezError(errors.FAILED, "le-connection-timeout") from error

    async def _run(self) -> Connection:
        while True:
            await self._news.wait()
            self._news.clear()
            self._check()
            # Shielded: bumble would leave a cancelled attempt behind in the controller.
            link = asyncio.ensure_future(self._connect())
            try:
                connection = await asyncio.shield(link)
            except asyncio.CancelledError:
                link.add_done_callback(_drop)
                raise
            if connection is None:
                continue
            try:
                self._check()
            except BluezError:
                await connection.disconnect(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)
                raise
            return connection

    def _check(self) -> None:
        if self._cancelled is not None:
            raise BluezError(errors.FAILED, self._cancelled)


def _drop(link: asyncio.Future[Connection | None]) -> None:
    """Close a link that came after nobody waited for it any more."""
    connection = None if link.cancelled() or link.exception() else link.result()
    if connection is not None:
        reason = hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR
        asyncio.get_running_loop().create_task(connection.disconnect(reason))
