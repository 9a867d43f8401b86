"""A push to one browser of the nurse who is asked: sent by a timer, tried again sooner at first, then more slowly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from prometheus_client import Counter

from cloud.config import Push
from cloud.db.jobs import set_timer
from cloud.db.pool import AsyncConnection, AsyncPool
from cloud.detection.model import Priority
from cloud.key_file import KeyRefused
from cloud.push.model import Subscription, is_known_service
from cloud.push.sending import PushGone, PushLater, PushRefused, send_push
from cloud.push.store import set_gone, subscription
from cloud.visits.reaching import store
from cloud.visits.reaching.message import push_message
from cloud.visits.reaching.store import Waiting

log = structlog.get_logger()

SENT = Counter("doorstep_visit_pushes", "Attempts of pushes to nurses who are asked for a visit", ["outcome"])

QUEUE = "visit_pushes"
"""Of its own: a push service that hangs keeps no promise's timer waiting."""
SEND = "send"
SIDE_BY_SIDE = 4
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
_LONGEST_PAUSE_S = 300.0
_GIVE_UP_AFTER = timedelta(minutes=15)
_LIVES_S = 600
_NO_BROWSER = "this browser takes no pushes any more"
_ANSWERED = "somebody else is asked by now, or it is answered"


async def push_to_asked(connection: AsyncConnection) -> int:
    """Puts pushes to nurses who are asked on their way; gives how many. One transaction; done twice it is done once."""
    async with connection.transaction():
        put = await store.put_pushes(connection)
        for notice_id in put:
            await set_timer(connection, QUEUE, SEND, datetime.now(UTC), notice_id=str(notice_id))
    return len(put)


class Sender:
    def __init__(
        self, pool: AsyncPool, push: Push, key: Callable[[], EllipticCurvePrivateKey], client: httpx.AsyncClient
    ) -> None:
        """`key` is asked for when there is something to send. `client` must follow no redirects: whom we post to is
        decided here."""
        self._pool = pool
        self._push = push
        self._key = key
        self._client = client

    async def send(self, notice_id: str) -> None:
        """The timer's act. No transaction is held while the other end is waited for."""
        async with self._pool.connection() as connection:
            found = await store.waiting(connection, UUID(notice_id))
        if found is None:
            return
        problem, again_s = await self._try(found)
        again = again_s > 0 and found.age + timedelta(seconds=again_s) < _GIVE_UP_AFTER
        async with self._pool.connection() as connection, connection.transaction():
            if not problem:
                await store.set_sent(connection, found.notice_id)
            else:
                await store.set_not_sent(connection, found.notice_id, problem, again=again)
                if again:
                    at = datetime.now(UTC) + timedelta(seconds=again_s)
                    await set_timer(connection, QUEUE, SEND, at, notice_id=notice_id)
        outcome = "again" if again else "failed" if problem else "sent"
        SENT.labels(outcome).inc()
        log.info("visit_push", notice=notice_id, visit=found.visit_id, outcome=outcome, problem=problem or None)

    async def _try(self, found: Waiting) -> tuple[str, float]:
        """What went wrong, empty: nothing did; and after how many seconds it is tried again, 0: never."""
        to = await self._browser(found.subscription_id)
        if to is None or not found.still_asked:
            return _NO_BROWSER if found.still_asked else _ANSWERED, 0.0
        if not is_known_service(to.endpoint, self._push.services):
            return f"{to.service} is none of push.services", 0.0
        message = push_message(
            found.notice_id,
            found.visit_id,
            Priority(found.priority),
            found.promised_by,
            found.answer_by,
            found.time_zone,
            to.language,
        )
        try:
            await send_push(self._client, self._key(), self._push.contact, to, message, lives_s=_LIVES_S)
        except (PushGone, PushRefused, KeyRefused) as error:
            if isinstance(error, PushGone):
                async with self._pool.connection() as connection:
                    await set_gone(connection, to.subscription_id)
            return str(error), 0.0
        except PushLater as error:
            pause_s = _PAUSES_S[min(found.attempts, len(_PAUSES_S) - 1)]
            return str(error), min(max(pause_s, error.after_s or 0.0), _LONGEST_PAUSE_S)
        return "", 0.0

    async def _browser(self, subscription_id: int | None) -> Subscription | None:
        """None: it is gone."""
        if subscription_id is None:
            return None
        async with self._pool.connection() as connection:
            return await subscription(connection, subscription_id)
