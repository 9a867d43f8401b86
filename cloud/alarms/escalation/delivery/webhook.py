"""A webhook: JSON by POST, signed, so that the other end knows who speaks and that nobody replays it.

Doorstep-Signature: t=UNIX_SECONDS,v1=HEX    HMAC-SHA-256 with the secret, of `UNIX_SECONDS.BODY`
Doorstep-Notice: UUID                        the same in each attempt: what came twice is the same
"""

import hashlib
import hmac
import os
from typing import Any

import httpx
import msgspec

from cloud.alarms.escalation.model import Webhook

WITHIN_S = 10.0
_SHORTEST_SECRET = 16


class HookFails(Exception):
    """To be tried again; a sentence of what happened."""


def sign(secret: bytes, body: bytes, at_s: int) -> str:
    """The value of `Doorstep-Signature`."""
    digest = hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


async def send_hook(
    client: httpx.AsyncClient, hook: Webhook, notice: str, message: dict[str, Any], *, at_s: int
) -> None:
    """Returns when the other end answered with success. `client` follows no redirects. Raises HookFails."""
    secret = os.environ.get(hook.secret_env, "")
    if len(secret) < _SHORTEST_SECRET:
        raise HookFails(
            f"{hook.secret_env} holds no secret of {_SHORTEST_SECRET} characters or more; set it and start again"
        )
    body = msgspec.json.encode(message)
    headers = {
        "content-type": "application/json",
        "doorstep-notice": notice,
        "doorstep-signature": sign(secret.encode(), body, at_s),
    }
    try:
        answer = await client.post(hook.url, content=body, headers=headers, timeout=WITHIN_S)
    except httpx.HTTPError as error:
        raise HookFails(f"no answer: {type(error).__name__}") from error
    if not answer.is_success:
        raise HookFails(f"answered {answer.status_code}")
