"""Every route is asked as everybody, and the answers are those of the written matrix, which is docs/access.md."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cloud.web.app import ROUTERS
from cloud.web.entry.access import NEEDED
from cloud.web.entry.current import signed_in
from tests.cloud.web.community import LINK, NOW, Community, create_day
from tests.cloud.web.running import Site
from tests.integration.access.matrix import ROUTES, WHO, document

pytestmark = pytest.mark.integration

DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"
LOGINS = {"nurse": "nurse", "desk": "desk", "administrator": "admin", "stranger": "stranger"}
NAMES = ("王秀英", "李德福", "张桂兰", "home-1", "home-2", "home-3", "gw-home", "颐和路 12", "+8613800000001")
REPORT = {"findings": ["well"], "actions": ["talked"], "verdict": "right", "next_on": None}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/session": {"login": "nurse", "password": "wrong"},
    "POST /api/v1/account/passkeys": {"answer": {}},
    "POST /api/v1/alarms/{alarm_id}/on-the-way": {"minutes": 9},
    "POST /api/v1/alarms/{alarm_id}/note": {"note": "x"},
    "POST /api/v1/alarms/{alarm_id}/close": {"reason": "test"},
    "POST /api/v1/visits/{visit_id}/steps": {"to": "accepted"},
    "POST /api/v1/visits/{visit_id}/report": REPORT,
    "POST /api/v1/dispatch/visits/{visit_id}/pin": {"nurse_id": 1},
    "POST /api/v1/absences": {"nurse_id": 1, "first": "2026-12-24"},
    "POST /api/v1/absences/take-back": {"nurse_id": 1, "day": "2026-12-24"},
    "POST /api/v1/elders/{elder_id}/visits": {"wish": "dressing"},
    "POST /api/v1/elders/{elder_id}/regular": {"every_days": 9},
    "POST /api/v1/visits/{visit_id}/dispatch": {"to": "cancelled", "note": "in hospital"},
    "POST /e/{token}/visits/{visit_id}/assessment": {"face": 5},
    "POST /e/{token}/requests": {"wish": "company"},
    "POST /api/v1/demands": {"elder_id": 1, "text": "bread", "kind": "meals"},
    "POST /e/{token}/wishes": {"text": "灯坏了"},
    "POST /f/{token}/wishes": {"text": "灯坏了"},
    "POST /api/v1/demands/{demand_id}/kind": {"kind": "information"},
    "POST /api/v1/demands/{demand_id}/steps": {"to": "done", "note": "told her"},
    "POST /api/v1/demand-kinds": {"code": "pets", "chinese": "宠物", "english": "Pets"},
    "POST /account/looks": {"size": "large"},
    "POST /api/v1/volunteers": {"login": "vol", "name": "v", "community": "320106001001"},
    "POST /api/v1/volunteers/{staff_id}/state": {"to": "checking"},
    "POST /api/v1/volunteers/{staff_id}/papers": {"kind": "identity"},
    "POST /api/v1/hours/{entry_id}/correct": {"why": "agreed", "minutes": 30},
    "POST /e/{token}/hours/give": {"minutes": 5},
    "POST /e/{token}/hours/{entry_id}/doubt": {"words": "x"},
    "POST /e/{token}/data": {"what": "export"},
    "POST /api/v1/measurements/{device_id}-{record_key}/whose": {"elder": "nobody"},
    "POST /api/v1/pushes/subscribe": {"endpoint": "https://push.invalid/x", "keys": {"p256dh": "", "auth": ""}},
    "POST /api/v1/pushes/unsubscribe": {"endpoint": "https://push.invalid/x"},
}
"""What is asked for rightly, so that only who asks can be wrong."""
ENDS_SESSIONS = ("POST /logout", "DELETE /api/v1/session", "POST /account/sign-out-everywhere")


def routes() -> Iterator[tuple[str, Any]]:
    for router in ROUTERS:
        for route in router.routes:
            for method in sorted(set(getattr(route, "methods", ())) - {"HEAD"}):
                yield f"{method} {getattr(route, 'path', '')}", route


def test_every_route_stands_in_the_matrix() -> None:
    assert {name for name, _ in routes()} == set(ROUTES), "decide who may open it, in access/matrix.py"


def test_every_route_that_asks_who_is_looking_needs_a_right() -> None:
    asks = {name for name, route in routes() if any(d.call is signed_in for d in route.dependant.dependencies)}
    assert asks == set(NEEDED), "say which right opens it, in cloud/web/entry/access.py"


def test_the_document_is_the_matrix() -> None:
    if os.environ.get("DOORSTEP_WRITE_DOCS"):
        DOCUMENT.write_text(document(), encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run this test with DOORSTEP_WRITE_DOCS=1"


@pytest.fixture
def places(community: Community) -> dict[str, object]:
    return create_places(community)


def create_places(community: Community) -> dict[str, object]:
    """What stands for the parts in braces: a home of the community with something of everything in it."""
    day = create_day(community)
    cuff = community.devices["home-1/sphygmomanometer"]
    community.run("INSERT INTO sharing (device_id, rule) VALUES (%s, 'ask')", cuff)
    community.run(
        "UPDATE reading SET elder_id = NULL, wearer_certainty = 0.5, wearer_why = 'ask' "
        "WHERE device_id = %s AND measured_at > %s::timestamptz - interval '2 hours'",
        cuff, NOW,
    )  # fmt: skip
    letter = community.one(
        "INSERT INTO dead_letter (topic, payload, digest, reason) VALUES ('doorstep/v1/gw-home-1/readings', 'x', 'y', "
        "'not JSON') RETURNING dead_letter_id"
    )
    for login in ("doctor", "installer"):
        community.run(
            "INSERT INTO staff (login, name, role, region_id, password_hash) "
            "SELECT %s, %s, %s, region_id, password_hash FROM staff WHERE login = 'nurse'",
            login, login, login,
        )  # fmt: skip
    relative = community.one(
        "INSERT INTO relative (elder_id, name, relation, link_hash, link_code, invited_by, invited_at, link_ends_at) "
        "VALUES (%s, '王强', '儿子', 'h', 'c', %s, %s, %s) RETURNING relative_id",
        community.elders["home-1"], community.staff["desk"], NOW, NOW,
    )  # fmt: skip
    community.run(
        "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
        "SELECT elder_id, 'institutions', 'elder', 'signed', %s, %s FROM elder",
        community.staff["desk"], NOW,
    )  # fmt: skip
    return {
        "relative_id": relative,
        "consent_id": community.one(
            "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
            "VALUES (%s, 'care', 'elder', 'signed', %s, %s) RETURNING consent_id",
            community.elders["home-1"],
            community.staff["desk"],
            NOW,
        ),
        "alarm_id": day["calling"],
        "visit_id": day["severe"],
        "elder_id": community.elders["home-1"],
        "alert_id": community.one("SELECT alert_id FROM visit WHERE visit_id = %s", day["severe"]),
        "override_id": community.one(
            "INSERT INTO limit_override (elder_id, rule, metric, value, author, reason, set_at) "
            "VALUES (%s, 'raised_pulse', 'pulse', 110, 'Dr. Li', 'used to it', %s) RETURNING override_id",
            community.elders["home-1"],
            NOW,
        ),
        "demand_id": community.one(
            "INSERT INTO demand (elder_id, mouth, text, urgency, state, said_at, said_last_at) "
            "VALUES (%s, 'elder', '灯坏了', 'today', 'doubt', %s, %s) RETURNING demand_id",
            community.elders["home-1"],
            NOW,
            NOW,
        ),
        "device_id": cuff,
        "record_key": community.one(
            "SELECT record_key FROM reading WHERE device_id = %s ORDER BY measured_at DESC LIMIT 1", cuff
        ),
        "dead_letter_id": letter,
        "gateway_id": "gw-home-1",
        "home_code": "home-1",
        "copy_id": create_copies(community),
        "wish": "company",
        "staff_id": community.staff["nurse"],
        "entry_id": create_hours(community),
        "dispute_id": 1,
        "scale": "barthel",
        "ability_id": community.one(
            "INSERT INTO ability_assessment (elder_id, scale, assessed_on, answers, points, level, staff_id, "
            "stored_at) VALUES (%s, 'barthel', %s, '{}', 100, 0, %s, %s) RETURNING ability_id",
            community.elders["home-1"],
            NOW.date(),
            community.staff["nurse"],
            NOW,
        ),
        "medium_id": create_media(community, day["severe"]),
        "notice_id": uuid4(),
    }


def create_copies(community: Community) -> object:
    """One that the elder asked for, and nobody else."""
    return community.one(
        "INSERT INTO data_copy (elder_id, asked_at, made_at, ends_at) "
        "VALUES (%s, now(), now(), now() + INTERVAL '1 day') RETURNING copy_id",
        community.elders["home-1"],
    )


def create_hours(community: Community) -> object:
    """A deed of the ledger for the elder; and the nurse has applied to be a volunteer too."""
    community.run("INSERT INTO volunteer (staff_id, applied_at) VALUES (%s, %s)", community.staff["nurse"], NOW)
    elder = community.one(
        "INSERT INTO time_account (code, elder_id, opened_at) VALUES ('EEEE', %s, %s) RETURNING account_id",
        community.elders["home-1"], NOW,
    )  # fmt: skip
    return community.one(
        "WITH e AS (INSERT INTO time_entry (entry_id, kind, at) VALUES (gen_random_uuid(), 'give', %s) "
        "RETURNING entry_id) INSERT INTO time_line (entry_id, account_id, minutes) "
        "SELECT entry_id, unnest(ARRAY[%s, time_system_account('community')]), unnest(ARRAY[60, -60]) FROM e "
        "RETURNING entry_id",
        NOW, elder,
    )  # fmt: skip


def create_media(community: Community, visit_id: object) -> object:
    """A photo of the visit, and one of everybody who works here."""
    community.run("INSERT INTO staff_photo SELECT staff_id, 'x', %s FROM staff", NOW)
    return community.one(
        "INSERT INTO visit_medium (medium_id, visit_id, kind, staff_id, media_type, content, taken_at, stored_at) "
        "VALUES (gen_random_uuid(), %s, 'photo', %s, 'image/jpeg', 'x', %s, %s) RETURNING medium_id",
        visit_id, community.staff["nurse"], NOW, NOW,
    )  # fmt: skip


def found(answer: httpx.Response, text: str) -> str:
    """The letter of the matrix for an answer."""
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/login?next="):
        return "s"
    if answer.status_code in (403, 404):
        return "-" if answer.status_code == 403 else "n"
    assert answer.status_code < 500 or "/health" in str(answer.url), f"{answer.url}: {answer.status_code}"
    return "y" if any(name in text for name in NAMES) else "e"


def ask(client: httpx.Client, name: str, path: str) -> str:
    method = name.split(maxsplit=1)[0]
    form: dict[str, str] | None = {} if method == "POST" and not path.startswith(("/api/", "/e/", "/push/")) else None
    body = BODIES.get(name, {}) if method == "POST" and form is None else None
    with client.stream(method, path, data=form, json=body) as answer:
        streaming = "event-stream" in answer.headers.get("content-type", "")
        return found(answer, "" if streaming else answer.read().decode())


def test_everybody_at_every_route(site: Site, community: Community, places: dict[str, object]) -> None:
    wrong: list[str] = []
    with ExitStack() as stack:
        clients = {who: stack.enter_context(site.visitor()) for who in WHO[:2]} | {
            who: stack.enter_context(site.signed_in(LOGINS.get(who, who))) for who in WHO[2:]
        }
        # who is refused comes first, so that nothing has changed before; what ends sessions comes last
        order = sorted(ROUTES, key=lambda name: (name in ENDS_SESSIONS, name.startswith("POST /account")))
        for name in order:
            if name in ENDS_SESSIONS:
                clients |= {who: stack.enter_context(site.signed_in(LOGINS.get(who, who))) for who in WHO[2:]}
            expected = dict(zip(WHO, ROUTES[name], strict=True))
            for who in sorted(WHO, key=lambda who: expected[who] in "ye"):
                token = LINK if who == "link" else "not-the-link-of-an-elder"
                path = name.split()[1].format(token=token, **places)
                letter = ask(clients[who], name, path)
                if expected[who] == "y" and letter == "e":  # it opened; not every page holds a name
                    letter = "y"
                if letter != expected[who]:
                    wrong.append(f"{who} at {name}: {letter!r}, and the matrix says {expected[who]!r}")
            community.run("DELETE FROM try")
    assert not wrong, "\n".join(wrong)
