"""The API as programs and pages use it: sessions, steps, conflicts in words, forms without scripts."""

from uuid import uuid4

import httpx
import pytest

from cloud.identity.tries.model import TRIES
from cloud.web.entry.csrf import csrf_of
from tests.cloud.web.centre import WebCentre
from tests.cloud.web.community import LINK, NOW, PASSWORD, SEVERE, Community, create_day
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration


def step(client: httpx.Client, visit: int, to: str) -> httpx.Response:
    return client.post(f"/api/v1/visits/{visit}/steps", json={"to": to})


def test_sessions(site: Site, community: Community) -> None:
    with site.visitor() as client:
        assert client.post("/api/v1/session", json={"login": "nurse", "password": "wrong"}).status_code == 401
        answer = client.post("/api/v1/session", json={"login": "nurse", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        token = client.cookies["doorstep-session"]
        assert community.one("SELECT count(*) FROM session WHERE token_hash = %s", token.encode()) == 0
        assert client.get("/api/v1/board").status_code == 200
        assert client.post("/logout").status_code == 403  # without the mark of a page of ours
        assert client.post("/logout", data={"csrf": csrf_of(token)}).headers["location"] == "/login"
        client.cookies.set("doorstep-session", token)
        assert client.get("/api/v1/board").status_code == 401


def test_the_login_page_without_scripts(site: Site) -> None:
    with site.visitor() as client:
        form = {"login": "nurse", "password": PASSWORD, "next": "/visits/7"}
        assert client.post("/login", data=form | {"password": "wrong"}).status_code == 401
        assert client.post("/login", data=form | {"next": "//evil.example"}).headers["location"] == "/"
        client.cookies.clear()
        assert client.post("/login", data=form).headers["location"] == "/visits/7"
        assert client.get("/login").headers["location"] == "/today"


def test_guessing_is_slowed_down(own_centre: WebCentre) -> None:
    with own_centre.site.visitor() as client:
        codes = [
            client.post("/api/v1/session", json={"login": "desk", "password": f"guess {number}"}).status_code
            for number in range(TRIES + 2)
        ]
        assert codes == [401] * TRIES + [429] * 2
        answer = client.post("/api/v1/session", json={"login": "desk", "password": PASSWORD})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {}])
def test_other_sites_change_nothing(site: Site, community: Community, headers: dict[str, str]) -> None:
    visit = community.create_visit("home-1")
    with site.signed_in("nurse") as client:
        del client.headers["origin"]
        paths = (f"/api/v1/visits/{visit}/steps", "/api/v1/session", f"/e/{LINK}/requests", "/logout")
        for path in paths:
            assert client.post(path, json={"to": "accepted", "wish": "company"}, headers=headers).status_code == 403
    assert community.one("SELECT state FROM visit") == "proposed"


def test_the_nurses_way_to_the_assessment(site: Site, community: Community) -> None:
    alert = community.create_alert("home-1", [SEVERE])
    visit = community.create_visit("home-1", alert)
    with site.signed_in("nurse") as nurse, site.visitor() as tablet:
        listed = nurse.get("/api/v1/visits").json()["visits"]
        assert [(one["visit_id"], one["state"], one["elder_code"]) for one in listed] == [
            (visit, "proposed", "elder-1")
        ]
        assert listed[0]["why"].startswith("Sys 184 mmHg, twice since")
        for to in ("accepted", "travelling", "at_the_door"):
            assert step(nurse, visit, to).json()["state"] == to
            assert step(nurse, visit, to).status_code == 200  # a double tap
        report = {
            "findings": ["medicine_missed"],
            "actions": ["talked"],
            "note": "  药盒\0是空的 ",
            "verdict": "right",
            "next_on": "2026-11-29",
        }
        assert nurse.post(f"/api/v1/visits/{visit}/report", json=report).json()["state"] == "filed"
        shown = nurse.get(f"/api/v1/visits/{visit}").json()
        assert shown["report"]["note"] == "药盒是空的"
        assert [one["state"] for one in shown["steps"]][-1] == "filed"
        assert community.run("SELECT state, verdict FROM alert") == [("closed", "right")]
        assert shown["alert"] == {
            "alert_id": alert, "cause": "blood_pressure", "state": "closed", "verdict": "right"
        }  # fmt: skip
        path = f"/e/{LINK}/visits/{visit}/assessment"
        assert tablet.post(f"/e/another-link/visits/{visit}/assessment", json={"face": 5}).status_code == 404
        assert tablet.post(path, json={"face": 6}).status_code == 422
        assert tablet.post(path, json={"face": 4, "word": "很好"}).status_code == 200
        figures = nurse.get("/api/v1/figures").json()
        assert figures["assessments"] == 1
        assert figures["visits_by_state"] == {"assessed": 1, "proposed": 1}  # the report asks for the next
        assert (figures["alerts_open"], figures["alerts_total"]) == (0, 1)


def test_a_second_nurse_hears_who_has_it(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1")
    with site.signed_in("nurse") as first, site.signed_in("nurse2") as second:
        assert step(first, visit, "accepted").status_code == 200
        answer = step(second, visit, "accepted")
        assert answer.status_code == 409
        assert answer.json()["detail"] == "陈晓梅 has this visit: accepted."
        assert answer.json()["error"] == "Somebody was faster"
        answer = second.post(
            f"/api/v1/visits/{visit}/steps", data={"to": "accepted"}, headers={"accept-language": "zh"}
        )
        assert answer.status_code == 409
        assert "陈晓梅已接手这次上门：已接受。" in answer.text
        assert step(first, visit, "declined").json()["state"] == "proposed"
        assert step(second, visit, "accepted").status_code == 200


def test_roles_do_their_own_things(site: Site, community: Community) -> None:
    made = create_day(community)
    with site.signed_in("desk") as desk, site.signed_in("admin") as admin:
        assert step(desk, made["severe"], "accepted").status_code == 403
        assert admin.post(f"/api/v1/alarms/{made['calling']}/take", json={}).status_code == 403


def test_an_alarm_from_taking_to_closing(site: Site, community: Community) -> None:
    alarm = community.create_alarm("gw-home-2")
    base = f"/api/v1/alarms/{alarm}"
    with site.signed_in("desk") as desk, site.signed_in("nurse") as nurse:
        assert desk.post(f"/api/v1/alarms/{uuid4()}/take", json={}).status_code == 404
        assert desk.post(f"{base}/take", json={}).json()["who"] == "周建国"
        answer = nurse.post(f"{base}/take", json={})
        assert answer.status_code == 409
        assert answer.json()["detail"] == "周建国 has it."
        assert desk.post(f"{base}/on-the-way", json={"minutes": 0}).status_code == 422
        assert desk.post(f"{base}/on-the-way", json={"minutes": 8}).json()["minutes"] == 8
        assert desk.post(f"{base}/on-the-way", json={"minutes": 8}).status_code == 200
        sent = community.run("SELECT kind, state, elder_id FROM visit")
        assert sent == [("alarm", "proposed", community.elders["home-2"])]
        assert desk.post(f"{base}/close", json={"reason": "cancelled"}).status_code == 422
        assert desk.post(f"{base}/close", json={"reason": "real", "note": "摔了一跤"}).json()["state"] == "closed"
        assert desk.post(f"{base}/take", json={}).json()["detail"] == "The alarm is closed."
        board = desk.get("/api/v1/board").json()
        assert board["alarms"] == []
        assert board["closed"][0]["close_reason"] == "real"


def test_where_nobody_can_be_sent_the_home_is_told_nothing(site: Site, community: Community) -> None:
    alarm = community.create_alarm("gw-home-2", "taken", taken_by="desk", taken_at=NOW)
    community.run("""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                     AS $$ BEGIN RAISE EXCEPTION 'no visits today'; END $$""")
    community.run("CREATE TRIGGER refuse BEFORE INSERT ON visit EXECUTE FUNCTION refuse()")
    try:
        with site.signed_in("desk") as desk:
            assert desk.post(f"/api/v1/alarms/{alarm}/on-the-way", json={"minutes": 8}).status_code == 500
    finally:
        community.run("DROP TRIGGER refuse ON visit")
        community.run("DROP FUNCTION refuse")
    assert community.run("SELECT state, minutes FROM alarm") == [("taken", None)]
    assert community.run("SELECT count(*) FROM alarm_event") == [(0,)]


def test_everything_works_by_plain_forms(site: Site, community: Community) -> None:
    alert = community.create_alert("home-1", [SEVERE])
    visit = community.create_visit("home-1", alert, state="at_the_door", nurse="nurse")
    alarm = community.create_alarm()
    with site.signed_in("nurse") as nurse, site.visitor() as tablet:
        form = {"findings": ["unwell", "fell"], "actions": [], "note": "", "verdict": "false", "next_on": ""}
        answer = nurse.post(f"/api/v1/visits/{visit}/report", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/visits/{visit}")
        assert community.run("SELECT findings, actions, next_on FROM visit_report") == [(["unwell", "fell"], [], None)]
        assert nurse.post(f"/api/v1/alarms/{alarm}/take").headers["location"] == "/board"
        assert tablet.post(f"/e/{LINK}/requests", data={"wish": "nonsense"}).status_code == 422
        for _ in range(2):  # asking twice is one wish
            answer = tablet.post(f"/e/{LINK}/requests", data={"wish": "medicine"})
            assert (answer.status_code, answer.headers["location"]) == (303, f"/e/{LINK}")
        assert community.run("SELECT wish, state FROM visit WHERE kind = 'request'") == [("medicine", "proposed")]
        assert "You asked: My medicine</b>" in tablet.get(f"/e/{LINK}").text
        assert tablet.post(f"/e/{LINK}/visits/{visit}/assessment", data={"face": "5"}).status_code == 303


def test_bad_bodies_are_refused_in_words(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1", state="at_the_door", nurse="nurse")
    path = f"/api/v1/visits/{visit}/report"
    with site.signed_in("nurse") as nurse:
        for body in (b"{", b"[]", b'{"verdict": "perhaps"}', b'{"findings": ["<b>"]}', b'{"next_on": "soon"}', b'"x"'):
            answer = nurse.post(path, content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 422, body
            assert answer.json()["kept"] == "Nothing was changed."
        huge = b'{"note": "' + b"x" * 100_000 + b'"}'
        assert nurse.post(path, content=huge, headers={"content-type": "application/json"}).status_code == 413
    assert community.one("SELECT count(*) FROM visit_report") == 0


def test_the_document_names_every_route_and_bodies(site: Site) -> None:
    with site.visitor() as client:
        document = client.get("/api/v1/openapi.json").json()
        assert "/api/v1/alarms/{alarm_id}/on-the-way" in document["paths"]
        body = document["paths"]["/api/v1/visits/{visit_id}/steps"]["post"]["requestBody"]["content"]
        assert "declined" in str(body["application/json"])
        assert "/board" not in document["paths"]


def test_health_and_metrics_tell_no_secrets(site: Site, community: Community) -> None:
    with site.visitor() as client:
        client.get(f"/e/{LINK}")
        health = client.get("/health")
        assert health.json()["checks"]["database"] == "ok"
        metrics = client.get("/metrics").text
        assert 'route="/e/{token}"' in metrics
        assert LINK not in metrics
        assert "王秀英" not in metrics
