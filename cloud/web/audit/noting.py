"""Leaves the line before the first byte goes out: what was shown stands in the audit. Lists leave none."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.db.pool import DatabaseAway
from cloud.identity.audit import store
from cloud.identity.audit.model import What
from cloud.web.entry.current import route_of, viewer_seen
from cloud.web.services import services_of
from cloud.web.standby.database_watch import ANSWER_S

log = structlog.get_logger()

_LOOKS_ONCE = timedelta(minutes=5)
"""Looking again at the same within so long is one look: pages renew themselves."""
_EVERY_DEED = timedelta(0)
_LEAST_REFUSAL = 400


@dataclass(frozen=True)
class Noted:
    what: What
    kind: str
    """Of the subject: elder, visit, alarm, measurement, letter."""
    key: str
    """The route's parts that name it; empty: none does."""


NOTED: Mapping[str, Noted] = {
    "GET /elders/{elder_id}": Noted(What.SAW_RECORD, "elder", "{elder_id}"),
    "GET /elders/{elder_id}/limits": Noted(What.SAW_RECORD, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/limits/{override_id}/end": Noted(What.CHANGED_LIMITS, "elder", "{elder_id}"),
    "POST /held/{alert_id}/send": Noted(What.SENT_SOMEBODY, "alert", "{alert_id}"),
    "GET /visits/{visit_id}": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "GET /api/v1/visits/{visit_id}": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/visits/{visit_id}/steps": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/visits/{visit_id}/dispatch": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/visits/{visit_id}/report": Noted(What.REPORTED, "visit", "{visit_id}"),
    "GET /alarms/{alarm_id}": Noted(What.SAW_CARD, "alarm", "{alarm_id}"),
    "GET /alarms/{alarm_id}/card": Noted(What.SAW_CARD, "alarm", "{alarm_id}"),
    "POST /api/v1/alarms/{alarm_id}/take": Noted(What.TOOK_CALL, "alarm", "{alarm_id}"),
    "POST /api/v1/alarms/{alarm_id}/on-the-way": Noted(What.ANSWERED_CALL, "alarm", "{alarm_id}"),
    "POST /api/v1/alarms/{alarm_id}/send": Noted(What.SENT_SOMEBODY, "alarm", "{alarm_id}"),
    "POST /api/v1/alarms/{alarm_id}/note": Noted(What.NOTED, "alarm", "{alarm_id}"),
    "POST /api/v1/alarms/{alarm_id}/close": Noted(What.CLOSED_CALL, "alarm", "{alarm_id}"),
    "POST /api/v1/measurements/{device_id}-{record_key}/whose": Noted(
        What.SAID_WHOSE, "measurement", "{device_id}-{record_key}"
    ),
    "GET /elders/{elder_id}/consent": Noted(What.SAW_CONSENTS, "elder", "{elder_id}"),
    **{
        f"POST /elders/{{elder_id}}/{deed}": Noted(What.CHANGED_CONSENTS, "elder", "{elder_id}")
        for deed in (
            "consent",
            "consent/{consent_id}/withdraw",
            "family/{relative_id}/consent",
            "family/{relative_id}/end",
        )
    },
    **{
        f"POST /elders/{{elder_id}}/{deed}": Noted(What.DREW_LINK, "elder", "{elder_id}")
        for deed in ("link", "family", "family/{relative_id}/link")
    },
    "GET /dead-letters": Noted(What.SAW_LETTERS, "letter", ""),
    "POST /dead-letters/{dead_letter_id}/replay": Noted(What.REPLAYED_LETTER, "letter", "{dead_letter_id}"),
}


class Noting:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < _LEAST_REFUSAL:
                await _note(Request(scope))
            await send(message)

        await self._app(scope, receive, send_noted)


async def _note(request: Request) -> None:
    """While the database is away the log has the line: nobody is kept from helping by the audit."""
    noted, viewer = NOTED.get(f"{request.method} {route_of(request)}"), viewer_seen(request)
    if noted is None or viewer is None:
        return
    services, key = services_of(request), noted.key.format(**request.path_params)
    if not services.watch.away:
        try:
            async with asyncio.timeout(ANSWER_S), services.pool.connection(timeout=ANSWER_S) as conn:
                await store.note(
                    conn,
                    staff_id=viewer.staff.staff_id,
                    api_token_id=viewer.api_token_id,
                    what=noted.what,
                    kind=noted.kind,
                    key=key,
                    at=services.now,
                    once_within=_LOOKS_ONCE if request.method == "GET" else _EVERY_DEED,
                )
        except (DatabaseAway, TimeoutError):
            services.watch.lost()
        else:
            return
    log.warning("audit", what=noted.what.value, subject=f"{noted.kind}:{key}", staff_id=viewer.staff.staff_id)
