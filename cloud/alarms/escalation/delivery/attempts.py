"""One attempt of a message, and the next one where it did not work: sooner at first, then every minute."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from prometheus_client import Counter

from cloud.alarms.escalation import store as escalations
from cloud.alarms.escalation import timers
from cloud.alarms.escalation.delivery import store
from cloud.alarms.escalation.delivery.store import Waiting
from cloud.alarms.escalation.delivery.webhook import HookFails, send_hook
from cloud.alarms.escalation.model import Occasion, Policy, Way
from cloud.alarms.escalation.notices import call_off_message, hook_message, push_message
from cloud.config import Push
from cloud.db.pool import AsyncPool
from cloud.push.model import is_known_service
from cloud.push.sending import PushGone, PushLater, PushRefused, send_push
from cloud.push.store import set_gone, subscription

log = structlog.get_logger()

SENT = Counter("doorstep_notices", "Attempts of pushes and webhooks", ["way", "outcome"])

GIVE_UP_AFTER = timedelta(minutes=15)
"""Rounds of the policy send new ones."""
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
_LONGEST_PAUSE_S = 300.0
_PUSH_LIVES_S = 600


class _Given(Exception):
    """Given up; the sentence says why."""


class _Again(Exception):
    def __init__(self, problem: str, after_s: float | None) -> None:
        super().__init__(problem)
        self.after_s = after_s


class Attempts:
    def __init__(
        self, pool: AsyncPool, policy: Policy, push: Push, key: EllipticCurvePrivateKey, client: httpx.AsyncClient
    ) -> None:
        """`client` must follow no redirects: whom we post to is decided here."""
        self._pool = pool
        self._policy = policy
        self._push = push
        self._key = key
        self._client = client

    async def deliver(self, notice_id: str) -> None:
        """The timer's act. No transaction is held while the other end is waited for."""
        async with self._pool.connection() as connection:
            found = await store.waiting(connection, UUID(notice_id))
            if found is None:
                return
            occasion = await escalations.occasion(connection, found.about, found.turn.subject_id)
        problem, again_s = "", 0.0
        try:
            await self._send(found, occasion)
        except _Again as error:
            problem, again_s = str(error), self._pause_s(found, error)
        except _Given as error:
            problem = str(error)
        again = again_s > 0 and found.age + timedelta(seconds=again_s) < GIVE_UP_AFTER
        async with self._pool.connection() as connection, connection.transaction():
            if not problem:
                await store.set_sent(connection, found.notice_id, delivered=found.way is Way.WEBHOOK)
            else:
                await store.set_not_sent(connection, found.notice_id, problem, again=again)
                if again:
                    at = datetime.now(UTC) + timedelta(seconds=again_s)
                    await timers.set_delivery(connection, found.notice_id, at)
        outcome = "again" if again else "failed" if problem else "sent"
        SENT.labels(found.way.value, outcome).inc()
        log.info("notice", notice=notice_id, way=found.way.value, outcome=outcome, problem=problem or None)

    async def _send(self, found: Waiting, occasion: Occasion) -> None:
        if not occasion.is_open and not found.calls_off:
            raise _Given("somebody has it; nobody need be told any more")
        if found.way is Way.WEBHOOK:
            await self._send_hook(found, occasion)
        else:
            await self._send_push(found, occasion)

    async def _send_hook(self, found: Waiting, occasion: Occasion) -> None:
        hook = self._policy.webhooks.get(found.webhook)
        if hook is None:
            raise _Given(f"the policy has no webhook {found.webhook} any more")
        message = hook_message(occasion, found.notice_id, found.turn, datetime.now(UTC))
        try:
            await send_hook(self._client, hook, str(found.notice_id), message, at_s=int(time.time()))
        except HookFails as error:
            raise _Again(str(error), None) from error

    async def _send_push(self, found: Waiting, occasion: Occasion) -> None:
        if found.subscription_id is None:
            raise _Given("this browser takes no pushes any more")
        async with self._pool.connection() as connection:
            to = await subscription(connection, found.subscription_id)
        if to is None:
            raise _Given("this browser takes no pushes any more")
        if not is_known_service(to.endpoint, self._push.services):
            raise _Given(f"{to.service} is none of push.services")
        compose = call_off_message if found.calls_off else push_message
        message = compose(occasion, found.notice_id, to.language)
        try:
            await send_push(self._client, self._key, self._push.contact, to, message, lives_s=_PUSH_LIVES_S)
        except PushGone as error:
            async with self._pool.connection() as connection:
                await set_gone(connection, to.subscription_id)
            raise _Given(str(error)) from error
        except PushRefused as error:
            raise _Given(str(error)) from error
        except PushLater as error:
            raise _Again(str(error), error.after_s) from error

    @staticmethod
    def _pause_s(found: Waiting, error: _Again) -> float:
        pause_s = _PAUSES_S[min(found.attempts, len(_PAUSES_S) - 1)]
        return min(max(pause_s, error.after_s or 0.0), _LONGEST_PAUSE_S)
