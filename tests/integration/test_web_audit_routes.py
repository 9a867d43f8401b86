"""Every route that changes something leaves its line in the audit: each is asked rightly, and the line looked for."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyotp
import pytest

from cloud.registry.elders.abilities.scales import PARTS, Scale
from cloud.web.audit.noting import NOTED, UNNOTED
from cloud.web.entry.csrf import HEADER, csrf_of
from cloud.web.entry.current import COOKIE
from tests.cloud.web.community import LINK, NOW, PASSWORD, Community
from tests.cloud.web.running import Site
from tests.integration.push_service import Browser
from tests.integration.test_web_access import REPORT, create_places, routes
from tests.integration.test_web_family import SPOKEN, invite
from tests.integration.test_web_pushes import SERVICE, subscription
from tests.integration.test_web_second_factor import set_up_app

pytestmark = pytest.mark.integration

ELSEWHERE = {
    "POST /homes/new": "test_web_homes, where there is an authority",
    "POST /gateways/{gateway_id}/claim": "test_web_homes",
    "POST /api/v1/session/passkey": "test_browser_passkey, where there is a passkey",
    "POST /api/v1/account/passkeys": "test_browser_passkey",
    "POST /api/v1/visits/{visit_id}/photos": "test_web_visit_media",
    **dict.fromkeys(
        (
            "POST /api/v1/volunteers",
            "POST /api/v1/volunteers/{staff_id}/state",
            "POST /api/v1/volunteers/{staff_id}/papers",
            "POST /api/v1/volunteers/{staff_id}/offer",
            "POST /api/v1/visits/{visit_id}/volunteer",
            "POST /api/v1/volunteer/visits/{visit_id}/steps",
            "POST /api/v1/volunteer/offer",
            "POST /api/v1/volunteer/give",
            "POST /api/v1/volunteer/hours/{entry_id}/doubt",
            "POST /api/v1/hours/{entry_id}/correct",
            "POST /api/v1/hours/disputes/{dispute_id}/answer",
            "POST /e/{token}/hours/give",
            "POST /e/{token}/hours/{entry_id}/doubt",
        ),
        "test_web_volunteers, which walks them",
    ),
    "POST /e/{token}/visits/{visit_id}/voice": "test_web_visit_media",
}
"""Where the line of these is looked for."""


@dataclass(frozen=True)
class Deed:
    """How a route is asked so that it does its work."""

    who: str
    """A login; `tablet` has the elder's link, `phone` the family's, `visitor` nothing."""
    form: dict[str, Any] | Callable[["Day"], dict[str, Any]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """What stands for the parts in braces, where that is not what `Day` has for all."""
    before: str = ""
    """SQL that makes it possible."""


@dataclass
class Day:
    places: dict[str, Any]
    app: pyotp.TOTP | None = None

    def code(self) -> dict[str, Any]:
        assert self.app is not None
        return {"code": self.app.now()}

    def next_code(self) -> dict[str, Any]:
        assert self.app is not None
        return {"code": self.app.at(time.time(), counter_offset=1)}


BARTHEL = {item.code: str(item.points[0]) for part in PARTS[Scale.BARTHEL] for item in part.items}
_CREDENTIALS = {"login": "desk", "password": PASSWORD}


def _copy(staff: str = "NULL", relative: str = "NULL") -> str:
    return (
        "INSERT INTO data_copy (elder_id, staff_id, relative_id, asked_at, made_at, ends_at) "
        f"VALUES ({{elder_id}}, {staff}, {relative}, now(), now(), now() + INTERVAL '1 hour')"
    )


_BROWSER = Browser(SERVICE, "one")
DEEDS = {
    "POST /api/v1/dispatch/visits/{visit_id}/pin": Deed("desk", lambda day: {"nurse_id": day.places["nurse"]}),
    "POST /api/v1/dispatch/visits/{visit_id}/unpin": Deed("desk"),
    "POST /api/v1/visits/{visit_id}/steps": Deed("nurse", {"to": "accepted"}),
    "POST /api/v1/visits/{visit_id}/dispatch": Deed(
        "desk", {"to": "cancelled", "note": "in hospital"}, {"visit_id": "outside"}
    ),
    "POST /api/v1/visits/{visit_id}/report": Deed(
        "nurse",
        REPORT,
        before="UPDATE visit SET state = 'at_the_door', nurse_id = {nurse} WHERE visit_id = {visit_id}",
    ),
    "POST /api/v1/alarms/{alarm_id}/take": Deed("desk"),
    "POST /api/v1/alarms/{alarm_id}/on-the-way": Deed("desk", {"minutes": 9}),
    "POST /api/v1/alarms/{alarm_id}/send": Deed("desk", places={"alarm_id": "second"}),
    "POST /api/v1/alarms/{alarm_id}/note": Deed("desk", {"note": "x"}),
    "POST /api/v1/alarms/{alarm_id}/close": Deed("desk", {"reason": "test"}),
    "POST /api/v1/measurements/{device_id}-{record_key}/whose": Deed(
        "nurse", lambda day: {"elder": day.places["elder_id"], "after": 0}
    ),
    "POST /elders/new": Deed("desk", {"name": "新来的", "community": "320106001001", "address": "x"}),
    "POST /elders/{elder_id}/register": Deed("desk", {"name": "王秀英", "address": "颐和路 12 号", "version": "0"}),
    "POST /elders/{elder_id}/register/numbers": Deed("desk", {"number": "11010519491231002X"}),
    "POST /elders/{elder_id}/register/numbers/show": Deed("desk"),
    "POST /elders/{elder_id}/abilities/{scale}": Deed("nurse", BARTHEL),
    "POST /elders/{elder_id}/abilities/{ability_id}/strike": Deed("nurse"),
    "POST /elders/{elder_id}/move": Deed("desk", {"home": "home-1"}, {"elder_id": "movable"}),
    "POST /elders/{elder_id}/consent": Deed("desk", {"purpose": "research", **SPOKEN}),
    "POST /elders/{elder_id}/consent/{consent_id}/withdraw": Deed("desk"),
    "POST /elders/{elder_id}/family/{relative_id}/consent": Deed("nurse", {"purpose": "family_alarms", **SPOKEN}),
    "POST /elders/{elder_id}/family": Deed(
        "nurse", {"name": "王强", "relation": "儿子", "purposes": ["family_visits"], **SPOKEN}
    ),
    "POST /elders/{elder_id}/limits/{override_id}/end": Deed("nurse", {"why": "well again"}),
    "POST /held/{alert_id}/send": Deed(
        "desk", before="UPDATE alert SET held = true, state = 'open' WHERE alert_id = {alert_id}"
    ),
    "POST /api/v1/elders/{elder_id}/visits": Deed("desk", {"wish": "a hand with the new meter"}),
    "POST /api/v1/elders/{elder_id}/regular": Deed("desk", {"every_days": 14}),
    "POST /e/{token}/consent/{consent_id}/withdraw": Deed("tablet", places={"consent_id": "own_consent_id"}),
    "POST /e/{token}/data": Deed("tablet", {"what": "export"}),
    "POST /e/{token}/copy": Deed("tablet"),
    "POST /e/{token}/copy/{copy_id}": Deed("tablet", before=_copy()),
    "POST /e/{token}/code": Deed("tablet", {"code": "any"}),
    "POST /api/v1/demands": Deed(
        "desk", lambda day: {"elder_id": day.places["elder_id"], "text": "bread", "kind": "meals"}
    ),
    "POST /api/v1/demands/{demand_id}/kind": Deed("nurse", {"kind": "information"}),
    "POST /api/v1/demands/{demand_id}/steps": Deed("desk", {"to": "done", "note": "told her"}),
    "POST /e/{token}/wishes": Deed("tablet", {"text": "灯坏了"}),
    "POST /e/{token}/wishes/{demand_id}/take-back": Deed("tablet"),
    "POST /e/{token}/requests": Deed("tablet", {"wish": "company"}),
    "POST /e/{token}/requests/take-back": Deed("tablet"),
    "POST /e/{token}/visits/{visit_id}/assessment": Deed("tablet", {"face": 5}, {"visit_id": "filed"}),
    "POST /f/{token}/code": Deed("phone", lambda day: {"code": day.places["familys_code"]}),
    "POST /f/{token}/wishes": Deed("phone", {"text": "灯坏了"}),
    "POST /f/{token}/copy": Deed("phone"),
    "POST /f/{token}/copy/{copy_id}": Deed("phone", before=_copy(relative="{relative_id}")),
    "POST /f/{token}/leave": Deed("phone"),
    "POST /elders/{elder_id}/copy": Deed("desk"),
    "POST /elders/{elder_id}/copy/{copy_id}": Deed("desk", before=_copy(staff="{desk}")),
    "POST /elders/{elder_id}/family/{relative_id}/link": Deed("nurse"),
    "POST /e/{token}/family/{relative_id}/end": Deed("tablet"),
    "POST /elders/{elder_id}/family/{relative_id}/end": Deed("nurse"),
    "POST /elders/{elder_id}/link": Deed("nurse"),
    "POST /gateways/{gateway_id}/settings": Deed("admin", {"after": "0", "alarm.long_stay_min": "30"}),
    "POST /dead-letters/{dead_letter_id}/replay": Deed("admin"),
    "POST /api/v1/pushes/subscribe": Deed("nurse", subscription(_BROWSER)),
    "POST /api/v1/pushes/unsubscribe": Deed("nurse", {"endpoint": _BROWSER.endpoint}),
    "POST /login": Deed("visitor", _CREDENTIALS),
    "POST /logout": Deed("visitor"),
    "POST /api/v1/session": Deed("visitor", _CREDENTIALS),
    "DELETE /api/v1/session": Deed("visitor"),
    "POST /account/app": Deed("desk"),
    "POST /account/app/code": Deed("desk", Day.code),
    "POST /login/code": Deed("visitor", Day.next_code),
    "POST /account/app/remove": Deed("desk"),
    "POST /account/passkeys/remove": Deed("desk"),
    "POST /account/sign-out-everywhere": Deed("nurse"),
}
"""In an order in which each is possible after those before it."""


def test_no_route_that_changes_something_is_forgotten() -> None:
    known = dict(routes())
    changing = {name for name in known if not name.startswith("GET ")}
    assert set(NOTED) <= known.keys(), "these routes are no more"
    assert changing == {name for name in NOTED if not name.startswith("GET ")} | UNNOTED.keys(), (
        "say in cloud/web/audit/noting.py which line it leaves, or why none"
    )
    assert changing - UNNOTED.keys() == DEEDS.keys() | ELSEWHERE.keys(), "ask it here, so that its line is seen"


def test_every_change_leaves_its_line(site: Site, community: Community) -> None:
    day, wrong = create_whole_day(site, community), []
    with ExitStack() as stack:
        clients = {who: stack.enter_context(site.signed_in(who)) for who in ("nurse", "desk", "admin")} | {
            who: stack.enter_context(site.visitor()) for who in ("tablet", "phone", "visitor")
        }
        for route, deed in DEEDS.items():
            places = day.places | {name: day.places[other] for name, other in deed.places.items()}
            if deed.before:
                community.run(deed.before.format(**places))
                places["copy_id"] = community.one("SELECT max(copy_id) FROM data_copy")
            if route == "POST /login/code":
                clients["visitor"].post("/login", data=_CREDENTIALS)
            if route == "POST /account/app/code":
                day.app = set_up_app(clients["desk"])
            last = community.one("SELECT coalesce(max(audit_id), 0) FROM audit")
            if deed.who == "phone":
                places["token"] = day.places["familys_token"]
            answer = ask(clients[deed.who], route, deed, day, places)
            lines = community.run("SELECT what, elder_id FROM audit WHERE audit_id > %s", last)
            if answer.status_code >= 400 or {what for what, _ in lines} != {NOTED[route].what.value}:
                wrong.append(f"{route}: {answer.status_code}, {lines}")
            elif (NOTED[route].kind in ("letter", "account")) != all(elder is None for _, elder in lines):
                wrong.append(f"{route}: a line of {lines}")
    assert not wrong, "\n".join(wrong)


def ask(client: httpx.Client, route: str, deed: Deed, day: Day, places: dict[str, Any]) -> httpx.Response:
    method, pattern = route.split()
    if client.cookies.get(COOKIE):
        client.headers[HEADER] = csrf_of(client.cookies[COOKIE])
    form = deed.form(day) if callable(deed.form) else deed.form
    path = pattern.format(**places)
    if path.startswith("/api/"):
        return client.request(method, path, json=form)
    return client.request(method, path, data=form)


def create_whole_day(site: Site, community: Community) -> Day:
    """Something for each deed to be done to."""
    places: dict[str, Any] = dict(create_places(community))
    elder = community.elders["home-1"]
    filed = community.create_visit("home-1", state="filed", nurse="nurse")
    community.create_report(filed, "nurse", NOW)
    with site.signed_in("nurse") as nurse:
        path, code = invite(nurse, elder, "family_visits")
    places |= {
        "token": LINK,
        "familys_token": path.removeprefix("/f/"),
        "familys_code": code,
        "relative_id": community.one("SELECT max(relative_id) FROM relative"),
        "second": community.create_alarm("gw-home-1"),
        "outside": community.create_visit("home-3"),
        "movable": community.elders["home-2"],
        "filed": filed,
        "own_consent_id": community.one(
            "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
            "VALUES (%s, 'voice', 'elder', 'signed', %s, %s) RETURNING consent_id",
            elder, community.staff["desk"], NOW,
        ),
        **{login: community.staff[login] for login in ("nurse", "desk")},
    }  # fmt: skip
    return Day(places)
