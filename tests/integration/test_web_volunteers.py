"""From a wish to hours that are given on: register, vetting, who suits, check-in, check-out, statement, doubt, gift."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.services.time_bank.commands import release_left
from cloud.web.app import ROUTERS
from cloud.web.entry.access import NEEDED
from tests.cloud.web.community import LINK, NOW, PASSWORD, Community
from tests.cloud.web.running import Site
from tests.integration.test_time_bank_ledger import connect

pytestmark = pytest.mark.integration

WHOLE_WEEK = [f"{day} 00:00-23:59" for day in range(7)]
PAPERS = ("identity", "conduct", "agreement", "basics")


def done(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, f"{answer.request.url}: {answer.status_code} {answer.text[:400]}"
    return answer.json()


def create_volunteer(desk: httpx.Client, community: Community, login: str, **more: Any) -> int:
    """Vetted and trained through the coordinator's own forms; signs in with the password of the others."""
    code = community.one("SELECT code FROM region WHERE region_id = %s", community.regions["community"])
    body = {"login": login, "name": f"志愿者{login}", "community": code} | more
    staff_id: int = done(desk.post("/api/v1/volunteers", json=body))["staff_id"]
    at = f"/api/v1/volunteers/{staff_id}"
    done(desk.post(f"{at}/state", json={"to": "checking"}))
    assert desk.post(f"{at}/state", json={"to": "training"}).status_code == 409  # papers are missing
    for kind in PAPERS:
        done(desk.post(f"{at}/papers", json={"kind": kind}))
    done(desk.post(f"{at}/state", json={"to": "training"}))
    done(desk.post(f"{at}/state", json={"to": "active"}))
    done(desk.post(f"{at}/offer", json={"skills": ["company"], "languages": ["zh"], "hours": WHOLE_WEEK}))
    community.run(
        "UPDATE staff SET password_hash = (SELECT password_hash FROM staff WHERE login = 'desk') WHERE staff_id = %s",
        staff_id,
    )
    return staff_id


def give_hours(community: Community, elder: str, minutes: int) -> None:
    """As if somebody had given them to the elder."""
    account = community.one(
        "INSERT INTO time_account (code, elder_id, opened_at) VALUES ('EEEE', %s, %s) RETURNING account_id",
        community.elders[elder], NOW,
    )  # fmt: skip
    community.run(
        "WITH e AS (INSERT INTO time_entry (entry_id, kind, at) VALUES (gen_random_uuid(), 'give', %s) "
        "RETURNING entry_id) INSERT INTO time_line (entry_id, account_id, minutes) "
        "SELECT entry_id, unnest(ARRAY[%s, time_system_account('community')]), unnest(ARRAY[%s, %s]) FROM e",
        NOW, account, minutes, -minutes,
    )  # fmt: skip


def balances(community: Community) -> dict[str, int]:
    rows = community.run(
        "SELECT coalesce(a.system, s.login, e.code), a.balance FROM time_account a "
        "LEFT JOIN staff s USING (staff_id) LEFT JOIN elder e ON e.elder_id = a.elder_id"
    )
    assert sum(balance for _, balance in rows) == 0
    return dict(rows)


def test_from_a_wish_to_hours_that_are_given_on(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1", wish="company", promised_by=NOW + timedelta(days=1))
    community.run("UPDATE visit SET minutes = 60 WHERE visit_id = %s", visit)
    give_hours(community, "home-1", 45)
    with site.signed_in("desk") as desk, site.visitor() as tablet:
        mei, lin = (create_volunteer(desk, community, login) for login in ("mei", "lin"))
        assert "志愿者mei" in desk.get("/volunteers").text
        # three at most, with their reasons; whoever is asked declines, and the next one goes
        found = done(desk.get(f"/api/v1/visits/{visit}/volunteers"))
        assert [one["staff_id"] for one in found] == [mei, lin]
        assert {code for code, _ in found[0]["reasons"]} >= {"offers_it", "lives_near", "has_time"}
        assert "lives in the same community" in desk.get(f"/volunteers/visits/{visit}").text
        done(desk.post(f"/api/v1/visits/{visit}/volunteer", json={"volunteer_id": mei}))
        assert balances(community) == {"elder-1": 0, "community": -45, "reserved": 45, "mei": 0, "lin": 0}
        assert "王秀英" not in desk.get("/dispatch").text  # no nurse's route has it
        with site.signed_in("mei") as phone:
            assert "王秀英" in phone.get("/volunteer").text
            refused = phone.get("/elders/1")
            assert refused.status_code == 403
            done(phone.post(f"/api/v1/volunteer/visits/{visit}/steps", json={"to": "declined"}))
            assert "王秀英" not in phone.get("/volunteer").text
        assert [one["staff_id"] for one in done(desk.get(f"/api/v1/visits/{visit}/volunteers"))] == [lin]
        done(desk.post(f"/api/v1/visits/{visit}/volunteer", json={"volunteer_id": lin}))
        with site.signed_in("lin") as phone:
            steps = f"/api/v1/volunteer/visits/{visit}/steps"
            done(phone.post(steps, json={"to": "accepted"}))
            assert phone.post(steps, json={"to": "done"}).status_code == 409  # nobody checked in
            done(phone.post(steps, json={"to": "travelling"}))
            done(phone.post(steps, json={"to": "at_the_door"}))
            assert "You are there since" in phone.get("/volunteer").text
            community.run(  # an hour goes by
                "UPDATE visit_event SET at = at - INTERVAL '60 minutes' WHERE visit_id = %s AND state = 'at_the_door'",
                visit,
            )
            assert done(phone.post(steps, json={"to": "done", "note": "talked about the garden"}))["minutes"] == 60
            assert balances(community) == {"elder-1": 0, "community": -60, "reserved": 0, "mei": 0, "lin": 60}
            made = phone.get("/volunteer").text
            assert "王秀英" in made
            assert "颐和路" not in made  # the door is no longer theirs to know
            assert "1 h" in phone.get("/volunteer/hours").text
            assert "Certificate of voluntary service" in phone.get("/volunteer/certificate").text
            # the statement is doubted, and corrected by a counter-entry and the right deed
            entry = community.one("SELECT entry_id FROM time_entry WHERE kind = 'earn'")
            done(phone.post(f"/api/v1/volunteer/hours/{entry}/doubt", json={"words": "it was half an hour"}))
        assert "it was half an hour" in desk.get("/volunteers").text
        dispute = community.one("SELECT dispute_id FROM time_dispute")
        answer = {"outcome": "corrected", "minutes": 30, "answer": "thirty it is"}
        done(desk.post(f"/api/v1/hours/disputes/{dispute}/answer", json=answer))
        assert balances(community) == {"elder-1": 15, "community": -45, "reserved": 0, "mei": 0, "lin": 30}
        # the elder sees it, doubts a line, gives to the community, and says how the visit was
        own = tablet.get(f"/e/{LINK}/hours").text
        assert "15 min" in own
        given = community.one("SELECT entry_id FROM time_entry WHERE kind = 'give'")
        done(tablet.post(f"/e/{LINK}/hours/{given}/doubt", json={"words": "?"}))
        done(tablet.post(f"/e/{LINK}/hours/give", json={"minutes": 5}))
        assert tablet.post(f"/e/{LINK}/hours/give", json={"minutes": 11}).status_code == 409
        done(tablet.post(f"/e/{LINK}/visits/{visit}/assessment", json={"face": 5}))
        with site.signed_in("lin") as phone:
            code = community.one("SELECT code FROM time_account WHERE staff_id = %s", mei)
            gift = {"minutes": 20, "code": code.lower(), "key": "00000000-0000-0000-0000-000000000007"}
            for _ in range(2):  # a phone tells it twice
                done(phone.post("/api/v1/volunteer/give", json=gift))
            assert phone.post("/api/v1/volunteer/give", json=gift | {"key": None, "minutes": 11}).status_code in (
                409,
                422,
            )
            done(phone.post("/api/v1/volunteer/offer", json={"skills": ["walking"], "hours": ["0 09:00-12:00"]}))
            assert done(phone.get("/api/v1/volunteer"))["account"]["balance"] == 10
        done(desk.post(f"/api/v1/hours/{newest(community)}/correct", json={"why": "agreed"}))
        assert balances(community) == {"elder-1": 10, "community": -40, "reserved": 0, "mei": 0, "lin": 30}
        assert "志愿者lin" in desk.get(f"/volunteers/{lin}").text
        assert "1 visit" in desk.get(f"/volunteers/{lin}/certificate").text
    lines = community.run(
        "SELECT what, count(*) FROM audit WHERE what LIKE 'changed%%' OR what = 'moved_visit' GROUP BY 1"
    )
    assert dict(lines) == {"changed_volunteer": 19, "moved_visit": 7, "changed_hours": 7}


def newest(community: Community) -> object:
    return community.one("SELECT entry_id FROM time_line JOIN time_entry USING (entry_id) ORDER BY place DESC LIMIT 1")


def test_a_visit_goes_back_to_the_nurses_with_what_was_set_aside(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1", wish="company", promised_by=NOW + timedelta(days=1))
    urgent = community.create_visit("home-2", wish="company", priority="now")
    give_hours(community, "home-1", 45)
    with site.signed_in("desk") as desk:
        mei = create_volunteer(desk, community, "mei")
        assert desk.post(f"/api/v1/visits/{urgent}/volunteer", json={"volunteer_id": mei}).status_code == 404
        assert desk.post(f"/api/v1/visits/{visit}/volunteer", json={"volunteer_id": 99999}).status_code == 409
        done(desk.post(f"/api/v1/visits/{visit}/volunteer", json={"volunteer_id": mei}))
        assert balances(community)["reserved"] == 45
        done(desk.post(f"/api/v1/visits/{visit}/volunteer", json={}))
        assert balances(community) == {"elder-1": 45, "community": -45, "reserved": 0, "mei": 0}
        found = community.run("SELECT goer, state, nurse_id FROM visit WHERE visit_id = %s", visit)
        assert found == [("nurse", "proposed", None)]
        # called off elsewhere, the next look gives it back
        done(desk.post(f"/api/v1/visits/{visit}/volunteer", json={"volunteer_id": mei}))
        done(desk.post(f"/api/v1/visits/{visit}/dispatch", json={"to": "cancelled", "note": "in hospital"}))
        assert balances(community)["reserved"] == 45
        assert [asyncio.run(give_back(community.dsn)) for _ in range(2)] == [1, 0]
        assert balances(community) == {"elder-1": 45, "community": -45, "reserved": 0, "mei": 0}


async def give_back(dsn: str) -> int:
    async with await connect(dsn) as connection:
        return await release_left(connection, NOW)


def test_a_volunteer_opens_their_own_pages_and_no_others(site: Site, community: Community) -> None:
    with site.signed_in("desk") as desk:
        create_volunteer(desk, community, "mei")
        stranger = community.one("SELECT staff_id FROM volunteer")
    places = {"visit_id": 1, "elder_id": community.elders["home-1"], "staff_id": stranger}
    opened = set()
    with site.visitor() as phone:
        phone.post("/api/v1/session", json={"login": "mei", "password": PASSWORD}).raise_for_status()
        for router in ROUTERS:
            for route in router.routes:
                path = getattr(route, "path", "")
                name = f"GET {path}"
                if "GET" in getattr(route, "methods", ()) and name in NEEDED and "events" not in path:
                    filled = path
                    for part in ("visit_id", "elder_id", "staff_id"):
                        filled = filled.replace(f"{{{part}}}", str(places[part]))
                    if phone.get(filled).status_code not in (403, 404):
                        opened.add(name)
    own = {"GET /", "GET /pushes", "GET /account/photo", "GET /api/v1/volunteer"}
    assert opened - own == {"GET /volunteer", "GET /volunteer/hours", "GET /volunteer/certificate"}
