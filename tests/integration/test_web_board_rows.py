"""Every number of the board opens as many rows as it says, and what was seen is no news any more."""

import re
from datetime import timedelta

import pytest

from tests.cloud.web.community import NOW, OUTSIDE, Community, create_day
from tests.cloud.web.running import Site
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration

NUMBER = re.compile(r'<a[^>]*href="(/board/rows\?[^"]*)"[^>]*>(?:<b>)?(\d+)')
FILTER = re.compile(r'<a href="(/board/rows\?[^"]*)"[^>]*>[^<]*?(\d+)</a>')
COUNT = re.compile(r'id="count">(\d+)<')


def create_busy_day(community: Community) -> None:
    """With something of everything, in two communities."""
    create_day(community)
    community.run("UPDATE home SET region_id = %s WHERE code = 'home-3'", community.regions["street"])
    community.create_visit("home-3", wish="repair", promised_by=NOW - timedelta(hours=2))
    community.create_visit(
        "home-1", state="at_the_door", nurse="nurse", wish="washing", promised_by=NOW + timedelta(minutes=30)
    )
    community.create_alert("home-2", [OUTSIDE], cause="pulse", raised_at=NOW - timedelta(minutes=9))
    held = community.create_alert("home-2", [OUTSIDE], cause="trend")
    community.run("UPDATE alert SET held = true WHERE alert_id = %s", held)
    done = community.create_visit("home-2", state="assessed", nurse="nurse2", wish="shopping")
    community.create_report(done, "nurse2", NOW - timedelta(minutes=20))
    community.run("INSERT INTO assessment VALUES (%s, 5, '', %s)", done, NOW - timedelta(minutes=5))
    closed = community.create_alarm("gw-home-1", "taken", taken_by="desk", taken_at=NOW - timedelta(minutes=52))
    community.run(
        "UPDATE alarm SET state = 'closed', close_reason = 'mistake', closed_at = %s WHERE alarm_id = %s",
        NOW - timedelta(minutes=49), closed,
    )  # fmt: skip


def test_each_number_opens_as_many_rows(site: Site, community: Community) -> None:
    create_busy_day(community)
    with site.signed_in("desk") as desk:
        numbers = {(address.replace("&amp;", "&"), int(n)) for address, n in NUMBER.findall(desk.get("/board").text)}
        of = {re.search(r"of=(\w+)", address)[1] for address, _ in numbers}  # type: ignore[index]  # each has one
        assert of == {"calls", "alerts", "visits", "silent", "news"}
        assert len(numbers) >= 30, "with those of two communities, of people on duty and of news"
        filters = set()
        for address, n in sorted(numbers):
            shown = desk.get(address).text
            assert COUNT.findall(shown) == [str(n)], address
            rows = shown[shown.index('id="rows"') :]
            assert rows.count("<li class=") == n, address
            filters |= {(found.replace("&amp;", "&"), int(count)) for found, count in FILTER.findall(shown)}
        for address, n in filters:
            assert COUNT.findall(desk.get(address).text) == [str(n)], address
        assert desk.get("/board/rows?of=duty").status_code == 200
        assert desk.get("/board/rows?of=visits&how=odd").status_code == 404
        assert desk.get("/board/rows?of=odd").status_code == 422
        assert desk.get(f"/board/rows?of=visits&region={community.regions['elsewhere']}").text.count("visit-row") == 0
    with site.signed_in("stranger") as stranger:
        for kind in ("calls", "alerts", "visits", "silent", "news"):
            assert COUNT.findall(stranger.get(f"/board/rows?of={kind}").text) == ["0"], kind


def test_what_was_seen_is_no_news(site: Site, community: Community) -> None:
    create_busy_day(community)
    with site.signed_in("desk") as desk, site.signed_in("admin") as admin:
        board = desk.get("/api/v1/board").json()
        kinds = {change["what"] for change in board["news"]}
        assert kinds == {"call", "call_closed", "noticed", "wished", "broken", "reported", "assessed"}
        assert "held" not in str(board["news"])
        assert len([one for one in board["news"] if one["what"] == "noticed"]) == 3, "what is held back is no news"
        assert "Since you last looked" in words(desk.get("/board").text)
        answer = desk.post("/api/v1/board/looked", json={"until": board["now"]})
        assert answer.status_code == 200
        assert desk.get("/api/v1/board").json()["news"] == []
        assert "Nothing changed since you last looked" in words(desk.get("/board").text)
        assert len(admin.get("/api/v1/board").json()["news"]) == len(board["news"]), "each has their own look"
        desk.post("/api/v1/board/looked", json={"until": (NOW - timedelta(hours=3)).isoformat()})
        assert desk.get("/api/v1/board").json()["news"] == [], "a look does not go back"
        future = desk.post("/api/v1/board/looked", json={"until": (NOW + timedelta(days=9)).isoformat()}).json()
        assert future["until"] < (NOW + timedelta(hours=1)).isoformat(), "nobody has seen what is still to come"
        assert desk.post("/api/v1/board/looked", json={"until": "2026-11-22T09:00:00"}).status_code == 422


def test_a_look_without_a_script(site: Site, community: Community) -> None:
    create_busy_day(community)
    with site.signed_in("nurse") as nurse:
        answer = nurse.post("/api/v1/board/looked", data={"until": NOW.isoformat()})
        assert answer.headers["location"] == "/board"
