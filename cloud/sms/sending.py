"""The outbox of texts goes out by the modem; what became of each goes back into its row."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

from cloud.db.pool import AsyncPool, DatabaseAway
from cloud.sms import store
from cloud.sms.model import masked
from cloud.sms.modem_thread import ModemThread
from protocols.sms.modem_events import NotSent, Reported, Sent
from protocols.sms.pdu import Delivery

log = structlog.get_logger()

LEASE_S = 300.0
"""Longer than any text takes; one whose process was killed is tried again after that."""
AT_ONCE = 4
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
_RETRY_S = 1.0

TEXTS = Counter("doorstep_sms_texts", "Texts of the outbox by what became of them", ["as_what"])


class Sending:
    def __init__(self, pool: AsyncPool, modem: ModemThread) -> None:
        self._pool = pool
        self._modem = modem
        self._attempts: dict[int, int] = {}
        self._awake = asyncio.Event()
        self._ready = False

    def wake(self) -> None:
        """There may be a text to send."""
        self._awake.set()

    def modem_ready(self, ready: bool) -> None:
        self._ready = ready
        if ready:
            self._awake.set()

    async def send(self) -> None:
        """Until cancelled. While the modem cannot send, texts wait in the database."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            if not self._ready or len(self._attempts) >= AT_ONCE:
                continue  # the modem, or a text that is done, wakes us
            try:
                async with self._pool.connection() as connection:
                    texts = await store.claim(connection, LEASE_S, AT_ONCE - len(self._attempts))
            except DatabaseAway as error:
                log.warning("database_away", what="sending texts", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
                self._awake.set()
                continue
            for text in texts:
                self._attempts[text.sms_id] = text.attempts
                self._modem.send(text.sms_id, text.recipient, text.body)

    async def note(self, step: Sent | NotSent | Reported) -> None:
        """What the modem says, into the rows. Waits for the database."""
        match step:
            case Sent(sms_id, references):
                self._attempts.pop(sms_id, None)
                await self._insist(lambda: self._sent(sms_id, references))
            case NotSent(sms_id, problem, permanent):
                attempts = self._attempts.pop(sms_id, 1)
                await self._insist(lambda: self._not_sent(sms_id, attempts, problem, permanent))
            case Reported(report):
                if report.delivery is not Delivery.STILL_TRYING:
                    failed = report.delivery is Delivery.FAILED
                    why = "the network could not deliver it" if failed else None
                    await self._insist(lambda: self._reported(report.recipient, report.reference, why))
        self._awake.set()

    async def _sent(self, sms_id: int, references: tuple[int, ...]) -> None:
        async with self._pool.connection() as connection:
            await store.set_sent(connection, sms_id, list(references))
        TEXTS.labels("sent").inc()
        log.info("sms_sent", sms=sms_id, parts=len(references))

    async def _not_sent(self, sms_id: int, attempts: int, problem: str, permanent: bool) -> None:
        again_in_s = None if permanent else min(FIRST_PAUSE_S * 2 ** max(attempts - 1, 0), LONGEST_PAUSE_S)
        async with self._pool.connection() as connection:
            await store.set_not_sent(connection, sms_id, problem, again_in_s=again_in_s)
        TEXTS.labels("not_sent").inc()
        log.warning("sms_not_sent", sms=sms_id, attempt=attempts, problem=problem, again_in_s=again_in_s)

    async def _reported(self, recipient: str, reference: int, problem: str | None) -> None:
        async with self._pool.connection() as connection:
            sms_id = await store.report(connection, recipient, reference, problem)
        if sms_id is not None:
            TEXTS.labels("delivered" if problem is None else "undelivered").inc()
        log.info("sms_report", sms=sms_id, to=masked(recipient), problem=problem)

    async def _insist(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except DatabaseAway as error:
                log.warning("database_away", what="noting texts", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            else:
                return
