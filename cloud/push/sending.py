"""One push on its way: encrypted for one browser (RFC 8291), signed by the centre (RFC 8292), posted (RFC 8030)."""

import base64
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from py_vapid import Vapid02
from pywebpush import WebPusher

from cloud.push.model import Subscription

WITHIN_S = 10.0
_TOKEN_LIVES_S = 3600
_GONE = frozenset({404, 410})


class PushGone(Exception):
    """The push service knows the subscription no more."""


class PushRefused(Exception):
    """It will not be taken however often it is tried."""


class PushLater(Exception):
    """To be tried again."""

    def __init__(self, problem: str, after_s: float | None = None) -> None:
        super().__init__(problem)
        self.after_s = after_s
        """As the service asked for."""


async def send_push(
    client: httpx.AsyncClient,
    key: EllipticCurvePrivateKey,
    contact: str,
    to: Subscription,
    message: dict[str, Any],
    *,
    lives_s: int,
) -> None:
    """Returns when the push service took it; it forgets the message after `lives_s`.

    `client` follows no redirects. Raises PushGone, PushRefused, PushLater.
    """
    headers = {
        **_vapid(key, contact, to.endpoint),
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(lives_s),
        "urgency": "high",
    }
    try:
        answer = await client.post(to.endpoint, content=_encrypt(to, message), headers=headers, timeout=WITHIN_S)
    except httpx.HTTPError as error:
        raise PushLater(f"{to.service}: {type(error).__name__}") from error
    _judge(answer, to.service)


def _judge(answer: httpx.Response, service: str) -> None:
    status = answer.status_code
    if status in _GONE:
        raise PushGone(f"{service} answered {status}: the browser takes no pushes any more")
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        wait = answer.headers.get("retry-after", "")
        raise PushLater(f"{service} answered {status}", float(wait) if wait.isdecimal() else None)
    if not answer.is_success:
        raise PushRefused(f"{service} answered {status}")


def _encrypt(to: Subscription, message: dict[str, Any]) -> bytes:
    keys = {"p256dh": _text(to.p256dh), "auth": _text(to.auth)}
    pusher = WebPusher({"endpoint": to.endpoint, "keys": keys})
    body: bytes = pusher.encode(msgspec.json.encode(message), "aes128gcm")["body"]
    return body


def _vapid(key: EllipticCurvePrivateKey, contact: str, endpoint: str) -> dict[str, str]:
    address = urlsplit(endpoint)
    claims = {
        "aud": f"{address.scheme}://{address.netloc}",
        "exp": int(time.time()) + _TOKEN_LIVES_S,
        "sub": contact,
    }
    headers: dict[str, str] = Vapid02(key).sign(claims)
    return headers


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
