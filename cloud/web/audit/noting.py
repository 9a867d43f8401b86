"""Leaves the line before the first byte goes out: what was shown or changed stands in the audit. Lists leave none.

A route that changes something and stands neither in `NOTED` nor in `UNNOTED` fails a test.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.db.pool import DatabaseAway
from cloud.db.sight import Sight, seeing
from cloud.identity.audit import store
from cloud.identity.audit.model import Actor, What
from cloud.web.entry.current import actor_of, route_of
from cloud.web.services import Services, services_of
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
    """Of the subject: elder, visit, alarm, measurement, gateway, link, account, letter."""
    key: str = ""
    """The route's parts that name it; empty: what the route said of it by `about`."""


NOTED: Mapping[str, Noted] = {
    **{
        f"GET {path}": Noted(What.SAW_REGISTER, "elder", "{elder_id}")
        for path in (
            "/elders/{elder_id}/register",
            "/elders/{elder_id}/abilities/{scale}",
            "/api/v1/elders/{elder_id}/register",
        )
    },
    "POST /elders/new": Noted(What.CHANGED_REGISTER, "elder"),
    "POST /elders/{elder_id}/register": Noted(What.CHANGED_REGISTER, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/register/numbers": Noted(What.CHANGED_REGISTER, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/register/numbers/show": Noted(What.SAW_NUMBERS, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/move": Noted(What.MOVED_ELDER, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/abilities/{scale}": Noted(What.ASSESSED_ABILITY, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/abilities/{ability_id}/strike": Noted(What.ASSESSED_ABILITY, "elder", "{elder_id}"),
    "GET /elders/{elder_id}": Noted(What.SAW_RECORD, "elder", "{elder_id}"),
    "GET /elders/{elder_id}/limits": Noted(What.SAW_RECORD, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/limits/{override_id}/end": Noted(What.CHANGED_LIMITS, "elder", "{elder_id}"),
    "POST /held/{alert_id}/send": Noted(What.SENT_SOMEBODY, "alert", "{alert_id}"),
    "GET /visits/{visit_id}": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "GET /api/v1/visits/{visit_id}": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/visits/{visit_id}/steps": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/visits/{visit_id}/dispatch": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/visits/{visit_id}/report": Noted(What.REPORTED, "visit", "{visit_id}"),
    "GET /dispatch/visits/{visit_id}": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "GET /api/v1/dispatch/visits/{visit_id}/cost": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/dispatch/visits/{visit_id}/pin": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/dispatch/visits/{visit_id}/unpin": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "GET /elders/{elder_id}/visits": Noted(What.SAW_RECORD, "elder", "{elder_id}"),
    "POST /api/v1/elders/{elder_id}/visits": Noted(What.MOVED_VISIT, "elder", "{elder_id}"),
    "POST /api/v1/elders/{elder_id}/regular": Noted(What.MOVED_VISIT, "elder", "{elder_id}"),
    "POST /api/v1/visits/{visit_id}/photos": Noted(What.REPORTED, "visit", "{visit_id}"),
    "GET /visits/{visit_id}/media/{medium_id}": Noted(What.SAW_PICTURE, "visit", "{visit_id}"),
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
    "POST /e/{token}/consent/{consent_id}/withdraw": Noted(What.CHANGED_CONSENTS, "link", "{consent_id}"),
    "POST /e/{token}/family/{relative_id}/end": Noted(What.CHANGED_CONSENTS, "link", "{relative_id}"),
    "POST /e/{token}/data": Noted(What.ASKED_DATA, "link"),
    **{f"POST /{door}/{{token}}/copy": Noted(What.ASKED_COPY, "link") for door in ("e", "f")},
    **{f"POST /{door}/{{token}}/copy/{{copy_id}}": Noted(What.TOOK_COPY, "link", "{copy_id}") for door in ("e", "f")},
    "POST /elders/{elder_id}/copy": Noted(What.ASKED_COPY, "elder", "{elder_id}"),
    "POST /elders/{elder_id}/copy/{copy_id}": Noted(What.TOOK_COPY, "elder", "{elder_id}"),
    "GET /demands/{demand_id}": Noted(What.SAW_DEMAND, "demand", "{demand_id}"),
    "GET /api/v1/demands/{demand_id}": Noted(What.SAW_DEMAND, "demand", "{demand_id}"),
    "POST /api/v1/demands": Noted(What.TOOK_DEMAND, "demand"),
    "POST /api/v1/demands/{demand_id}/kind": Noted(What.MOVED_DEMAND, "demand", "{demand_id}"),
    "POST /api/v1/demands/{demand_id}/steps": Noted(What.MOVED_DEMAND, "demand", "{demand_id}"),
    **{f"POST /{door}/{{token}}/wishes": Noted(What.SAID_WISH, "link") for door in ("e", "f")},
    "POST /e/{token}/wishes/{demand_id}/take-back": Noted(What.TOOK_BACK_VISIT, "link", "{demand_id}"),
    "POST /e/{token}/requests": Noted(What.ASKED_VISIT, "link"),
    "POST /e/{token}/visits/{visit_id}/assessment": Noted(What.ASSESSED, "link", "{visit_id}"),
    "GET /f/{token}": Noted(What.SAW_FAMILY_PAGE, "link"),
    "POST /f/{token}/leave": Noted(What.LEFT_LINK, "link"),
    **{f"POST /{door}/{{token}}/code": Noted(What.OPENED_LINK, "link") for door in ("e", "f")},
    "POST /e/{token}/visits/{visit_id}/voice": Noted(What.ASSESSED, "link", "{visit_id}"),
    "POST /e/{token}/requests/take-back": Noted(What.TOOK_BACK_VISIT, "link"),
    "GET /volunteers/visits/{visit_id}": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "GET /api/v1/visits/{visit_id}/volunteers": Noted(What.SAW_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/visits/{visit_id}/volunteer": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/volunteer/visits/{visit_id}/steps": Noted(What.MOVED_VISIT, "visit", "{visit_id}"),
    "POST /api/v1/volunteers": Noted(What.CHANGED_VOLUNTEER, "account"),
    **{
        f"POST /api/v1/volunteers/{{staff_id}}/{deed}": Noted(What.CHANGED_VOLUNTEER, "account", "{staff_id}")
        for deed in ("state", "papers", "offer")
    },
    "POST /api/v1/volunteer/offer": Noted(What.CHANGED_VOLUNTEER, "account"),
    "POST /api/v1/volunteer/give": Noted(What.CHANGED_HOURS, "account"),
    "POST /api/v1/volunteer/hours/{entry_id}/doubt": Noted(What.CHANGED_HOURS, "deed", "{entry_id}"),
    "POST /api/v1/hours/{entry_id}/correct": Noted(What.CHANGED_HOURS, "deed", "{entry_id}"),
    "POST /api/v1/hours/disputes/{dispute_id}/answer": Noted(What.CHANGED_HOURS, "dispute", "{dispute_id}"),
    "POST /e/{token}/hours/give": Noted(What.CHANGED_HOURS, "link"),
    "POST /e/{token}/hours/{entry_id}/doubt": Noted(What.CHANGED_HOURS, "link", "{entry_id}"),
    "POST /homes/new": Noted(What.MADE_HOME, "gateway"),
    "POST /gateways/{gateway_id}/claim": Noted(What.DREW_CLAIM, "gateway", "{gateway_id}"),
    "POST /gateways/{gateway_id}/settings": Noted(What.CHANGED_SETTINGS, "gateway", "{gateway_id}"),
    "GET /dead-letters": Noted(What.SAW_LETTERS, "letter"),
    "POST /dead-letters/{dead_letter_id}/replay": Noted(What.REPLAYED_LETTER, "letter", "{dead_letter_id}"),
    **{
        route: Noted(What.SIGNED_IN, "account")
        for route in (
            "POST /login",
            "POST /login/code",
            "GET /login/oidc/back",
            "POST /api/v1/session",
            "POST /api/v1/session/passkey",
        )
    },
    **{
        route: Noted(What.SIGNED_OUT, "account")
        for route in ("POST /logout", "DELETE /api/v1/session", "POST /account/sign-out-everywhere")
    },
    **{
        f"POST {path}": Noted(What.CHANGED_SIGN_IN, "account")
        for path in (
            "/account/app",
            "/account/app/code",
            "/account/app/remove",
            "/account/passkeys/remove",
            "/api/v1/account/passkeys",
        )
    },
    **{f"POST /api/v1/pushes/{deed}": Noted(What.CHANGED_PUSHES, "account") for deed in ("subscribe", "unsubscribe")},
}
UNNOTED: Mapping[str, str] = {
    "POST /elders/find": "leads to an entry, of which the look is noted",
    "POST /api/v1/session/passkey/challenge": "asks a question that opens nothing",
    "POST /api/v1/account/passkeys/challenge": "asks a question that adds nothing",
    "POST /api/v1/board/looked": "up to when somebody looked at their own board",
    "POST /api/v1/account/photo": "one's own face, and of no elder",
    "POST /account/photo/remove": "one's own face, and of no elder",
    "POST /api/v1/absences": "a colleague's days off, and of no elder: who noted them stands beside them",
    "POST /api/v1/absences/take-back": "as above",
    "POST /api/v1/demand-kinds": "names of kinds of wishes, and of no elder",
    "POST /account/looks": "how pages look in one browser",
    "POST /time-bank/messages": "signed by another bank: the transfer keeps the letter itself",
    "POST /push/receipts/{notice_id}": "a phone's word, of which the notice itself has the time",
}
"""Routes that leave no line although they do not only look, and why."""


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
    noted, (actor, about) = NOTED.get(f"{request.method} {route_of(request)}"), actor_of(request)
    if noted is None or actor is None:
        return
    services, key = services_of(request), noted.key.format(**request.path_params) or about
    if not services.watch.away:
        try:
            # as the centre: an installer's line is also of the elder whom they may not see
            with seeing(Sight("centre", actor.staff_id)):
                await _add(services, noted, actor, key, once=request.method == "GET")
        except (DatabaseAway, TimeoutError):
            services.watch.lost()
        else:
            return
    log.warning("audit", what=noted.what.value, subject=f"{noted.kind}:{key}", staff_id=actor.staff_id)


async def _add(services: Services, noted: Noted, actor: Actor, key: str, *, once: bool) -> None:
    async with asyncio.timeout(ANSWER_S), services.pool.connection(timeout=ANSWER_S) as conn:
        await store.note(
            conn,
            actor,
            what=noted.what,
            kind=noted.kind,
            key=key,
            at=services.now,
            once_within=_LOOKS_ONCE if once else _EVERY_DEED,
        )
