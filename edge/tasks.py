"""How asyncio tasks are ended for certain."""

import asyncio
from collections.abc import Iterable

import structlog

_log = structlog.get_logger()
_CANCEL_AGAIN_S = 3.0


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Returns when all have ended; what one of them raised goes into the log."""
    asked = list(tasks)
    pending = set(asked)
    while pending:
        for task in pending:
            task.cancel()  # and again: one that meets the end of an asyncio.wait_for is lost before Python 3.12
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_AGAIN_S)
    for task in asked:
        if not task.cancelled() and (problem := task.exception()) is not None:
            _log.error("source_ended", problem=str(problem))
