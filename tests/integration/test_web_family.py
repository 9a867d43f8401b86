"""The way in by link and code, and that the family sees what the elder agrees to, just now."""

import re
from datetime import timedelta

import httpx
import pytest

from tests.cloud.web.community import LINK, NOW, Community, create_day
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration

SPOKEN = {"how": "spoken", "witness": "王强"}
CARD = re.compile(r"<code>http://[^/]+(/[ef]/[\w-]+)</code>.*?<b class=\"code\">(\d{3}) (\d{3})</b>", re.S)


def card(answer: httpx.Response) -> tuple[str, str]:
    """Path and code of a card that was just drawn."""
    assert answer.status_code == 200, answer.text
    found = CARD.search(answer.text)
    assert found is not None
    return found[1], found[2] + found[3]


def invite(nurse: httpx.Client, elder: int, *purposes: str) -> tuple[str, str]:
    form = {"name": "王小明", "relation": "孙子", "purposes": list(purposes), **SPOKEN}
    return card(nurse.post(f"/elders/{elder}/family", data=form))


def let_in(phone: httpx.Client, path: str, code: str) -> None:
    assert phone.get(path).headers["location"] == f"{path}/code"
    assert phone.post(f"{path}/code", data={"code": f" {code[:3]} {code[3:]}"}).headers["location"] == path


def test_the_family_sees_what_is_agreed_and_a_withdrawal_takes_effect_at_once(site: Site, community: Community) -> None:
    create_day(community)
    elder = community.elders["home-1"]
    community.run("UPDATE alarm SET elder_id = %s WHERE alarm_id IN (SELECT alarm_id FROM alarm LIMIT 1)", elder)
    with site.signed_in("nurse") as nurse, site.visitor() as phone, site.visitor() as tablet:
        path, code = invite(nurse, elder, "family_readings")
        let_in(phone, path, code)
        seen = phone.get(f"{path}?lang=en").text
        assert "王秀英" in seen
        assert "<h2>Readings</h2>" in seen
        assert "<h2>Visits</h2>" not in seen
        assert "<h2>Calls for help</h2>" not in seen
        for secret in ("颐和路", "钥匙在门卫处", "高血压", "13800000001", "李德福"):
            assert secret not in seen

        relative = community.one("SELECT relative_id FROM relative")
        for purpose in ("family_visits", "family_alarms"):
            form = {"purpose": purpose, **SPOKEN}
            assert nurse.post(f"/elders/{elder}/family/{relative}/consent", data=form).status_code == 303
        seen = phone.get(path).text
        assert "<h2>Visits</h2>" in seen
        assert "<h2>Calls for help</h2>" in seen
        assert "换了药盒" not in seen  # a nurse's note

        own = tablet.get(f"/e/{LINK}/consent?lang=en").text
        assert own.count("/withdraw") == 3
        for number in re.findall(r"/consent/(\d+)/withdraw", own):
            assert tablet.post(f"/e/{LINK}/consent/{number}/withdraw").status_code == 303
        seen = phone.get(path).text
        assert "<h2>" not in seen
        assert "Nothing is open to you just now" in seen
        assert tablet.post(f"/e/{LINK}/family/{relative}/end").status_code == 303
        assert phone.get(path).status_code == 404
    lines = community.run("SELECT what, count(*) FROM audit WHERE elder_id = %s GROUP BY what", elder)
    assert dict(lines) == {
        "drew_link": 1, "changed_consents": 2 + 3 + 1, "opened_link": 1, "saw_family_page": 1
    }  # fmt: skip


def test_the_family_sees_that_the_elder_is_to_measure_again(site: Site, community: Community) -> None:
    elder = community.elders["home-1"]
    community.run(
        "INSERT INTO measure_again (elder_id, metric, why, measured_at, asked_at, until) "
        "VALUES (%s, 'systolic', 'cuff_loose', %s, %s, %s)",
        elder,
        *(NOW + timedelta(minutes=minutes) for minutes in (-2, -1, 29)),
    )
    with site.signed_in("nurse") as nurse, site.visitor() as phone:
        for purpose, seen in (("family_readings", True), ("family_visits", False)):
            path, code = invite(nurse, elder, purpose)
            let_in(phone, path, code)
            assert ("Please measure your blood pressure again." in phone.get(path).text) is seen


def test_a_link_without_its_code_opens_nothing_and_guessing_is_slow(site: Site, community: Community) -> None:
    elder = community.elders["home-1"]
    with site.signed_in("desk") as desk, site.visitor() as thief, site.visitor() as tablet:
        path, code = card(desk.post(f"/elders/{elder}/link"))
        assert path.startswith("/e/")
        assert tablet.get(f"/e/{LINK}").status_code == 404  # the old one
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        for where in ("", "/looked", "/consent"):
            assert thief.get(path + where).headers["location"] == f"{path}/code"
        for _ in range(8):
            assert thief.post(f"{path}/code", data={"code": wrong}).status_code == 401
        assert thief.post(f"{path}/code", data={"code": code}).status_code == 429
        assert thief.post(f"{path}/requests", json={"wish": "company"}).status_code == 401
        community.run("DELETE FROM try")
        let_in(tablet, path, code)
        assert "王秀英" in tablet.get(path).text
        cookie = next(one for one in tablet.cookies.jar if one.name == "doorstep-link")
        assert cookie.path == path
        assert cookie.has_nonstandard_attr("HttpOnly")
        again, _ = card(desk.post(f"/elders/{elder}/link"))
        assert tablet.get(path).status_code == 404
        assert tablet.get(again).headers["location"] == f"{again}/code"
    stored = community.one("SELECT elder::text FROM elder WHERE elder_id = %s", elder)
    assert code not in stored
    assert path.removeprefix("/e/") not in stored


def test_a_familys_link_ends(site: Site, community: Community) -> None:
    elder = community.elders["home-1"]
    with site.signed_in("nurse") as nurse, site.visitor() as phone:
        path, code = invite(nurse, elder, "family_visits")
        let_in(phone, path, code)
        assert phone.post(f"{path}/leave").status_code == 303
        assert phone.get(path).headers["location"] == f"{path}/code"
        let_in(phone, path, code)
        community.run("UPDATE relative SET link_ends_at = now()")
        assert phone.get(path).status_code == 404
        relative = community.one("SELECT relative_id FROM relative")
        renewed, code = card(nurse.post(f"/elders/{elder}/family/{relative}/link"))
        let_in(phone, renewed, code)
        assert phone.get(path).status_code == 404


def test_a_consent_says_who_how_and_before_whom(site: Site, community: Community) -> None:
    elder = community.elders["home-1"]
    address = f"/elders/{elder}/consent"
    with site.signed_in("desk") as desk, site.visitor() as tablet:
        assert desk.post(address, data={"purpose": "research", "how": "spoken"}).status_code == 422  # no witness
        assert desk.post(address, data={"purpose": "family_visits", **SPOKEN}).status_code == 422  # of whom?
        form = {"purpose": "care", "how": "signed", "guardian": "王强"}
        assert desk.post(address, data=form).status_code == 303
        assert desk.post(address, data=form).status_code == 409  # it stands
        shown = desk.get(f"{address}?lang=en").text
        assert "by 王强 for them" in shown
        number = community.one("SELECT consent_id FROM consent")
        assert desk.post(f"/elders/{community.elders['home-2']}/consent/{number}/withdraw").status_code == 404
        assert "No requests" not in desk.get("/privacy").text
        assert desk.post(f"{address}/{number}/withdraw").status_code == 303
        assert tablet.post(f"/e/{LINK}/data", data={"what": "export"}).status_code == 303
        assert tablet.post(f"/e/{LINK}/data", data={"what": "export"}).status_code == 303  # once
        waiting = desk.get("/privacy?lang=en").text
        assert "elder export elder-1" in waiting
        assert "elder erase elder-1" in waiting  # the care itself was withdrawn
    assert community.run("SELECT given_by, guardian, how, withdrawn_with FROM consent") == [
        ("guardian", "王强", "signed", community.staff["desk"])
    ]
    assert community.one("SELECT count(*) FROM privacy_request") == 2


def test_a_doctor_sees_who_agreed_to_that(site: Site, community: Community) -> None:
    day = create_day(community)
    community.run(
        "INSERT INTO staff (login, name, role, region_id, password_hash) "
        "SELECT 'doctor', 'doctor', 'doctor', region_id, password_hash FROM staff WHERE login = 'nurse'"
    )
    elder = community.elders["home-1"]
    with site.signed_in("doctor") as doctor:
        assert doctor.get("/api/v1/visits").json()["visits"] == []
        for path in (f"/elders/{elder}", f"/visits/{day['severe']}", f"/api/v1/visits/{day['severe']}"):
            assert doctor.get(path).status_code == 404
        community.run(
            "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
            "VALUES (%s, 'institutions', 'elder', 'signed', %s, %s)",
            elder, community.staff["desk"], NOW,
        )  # fmt: skip
        assert {visit["elder_id"] for visit in doctor.get("/api/v1/visits").json()["visits"]} == {elder}
        for path in (f"/elders/{elder}", f"/visits/{day['severe']}"):
            assert doctor.get(path).status_code == 200
        assert doctor.get(f"/elders/{community.elders['home-3']}").status_code == 404
