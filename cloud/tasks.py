"""Ending asyncio tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any


async def end(tasks: Iterable[asyncio.Task[Any]], *, again_s: float = 3.0) -> None:
    """Cancels the tasks and returns when all have ended. What they raise on the way out concerns nobody any more.

    Cancels again every `again_s`: one cancellation is lost where it meets the end of a wait (asyncio.wait_for before
    Python 3.12) or an error on the way out (a library whose connection breaks while it stops).
    """
    ending = set(tasks)
    pending = ending.copy()
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_s)
    for task in ending:
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains of it
