"""Waiting for bumble: it cancels what it was doing when the link is lost, which must not cancel the one who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from firmware_sim.bluez.errors import LinkLostError

_T = TypeVar("_T")


async def until_link_lost(operation: Awaitable[_T]) -> _T:
    """Wait for an operation on a link. Raises LinkLostError when bumble abandons it because the link has gone."""
    task = asyncio.ensure_future(_run(operation))
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        raise
    if task.cancelled():
        raise LinkLostError
    return task.result()


async def _run(operation: Awaitable[_T]) -> _T:
    return await operation
