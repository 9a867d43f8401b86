"""A wish from each mouth, followed from the first word to what the elder says of it."""

from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from cloud.model_files import ModelFiles
from cloud.registry.demands import files
from cloud.registry.demands.grams import grams
from cloud.registry.demands.model import Model, digest
from cloud.registry.demands.training import NO_FIGURES
from cloud.visits.commands import DEFAULT_PROMISES
from cloud.visits.dispatch import follow_alerts
from tests.cloud.web.community import LINK, NOW, Community, create_day
from tests.cloud.web.running import Site
from tests.integration.test_web_family import invite, let_in
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration

WORDS = {"repair": "灯坏了", "meals": "午饭送来", "information": "pension", "escort": "陪我去医院"}


def create_model() -> Model:
    """Knows a few words of four kinds, and nothing else."""
    kinds = sorted(WORDS)
    known = {gram: kind for kind, text in WORDS.items() for gram in grams(text)}
    weights = [[6.0 if known[gram] == kind else -6.0 for kind in kinds] for gram in known]
    return Model(kinds, list(known), [1.0] * len(known), weights, [-3.0] * 4, 1.0, 4, 0, "", NO_FIGURES)


@pytest.fixture
def sorted_site(site: Site) -> Site:
    """A site whose wishes a model sorts."""
    command: Any = site.process.args
    home = Path(command[-1]).parent / "data" / files.FOLDER
    kept = ModelFiles(Model, digest)
    kept.use(home, kept.keep(home, create_model()))
    return site


def states(community: Community) -> list[tuple[Any, ...]]:
    return community.run("SELECT mouth, kind, state FROM demand ORDER BY demand_id")


def make_visit(nurse: httpx.Client, visit_id: int, **more: object) -> None:
    base = f"/api/v1/visits/{visit_id}"
    nurse.post(f"{base}/steps", json={"to": "accepted"}).raise_for_status()
    nurse.post(f"{base}/report", json={"findings": ["well"], **more}).raise_for_status()


def test_a_wish_from_each_mouth_goes_to_its_assessment(sorted_site: Site, community: Community) -> None:
    elder = community.elders["home-1"]
    with (
        sorted_site.signed_in("nurse") as nurse,
        sorted_site.signed_in("desk") as desk,
        sorted_site.visitor() as tablet,
        sorted_site.visitor() as phone,
    ):
        assert tablet.post(f"/e/{LINK}/requests", data={"wish": "company"}).status_code == 303
        assert tablet.post(f"/e/{LINK}/wishes", data={"text": "卧室的灯坏了，不亮"}).status_code == 303
        path, code = invite(nurse, elder, "family_visits")
        let_in(phone, path, code)
        assert phone.post(f"{path}/wishes", data={"text": "请把午饭送来"}).status_code == 303
        assert "请把午饭送来" in phone.get(path).text
        asked = {by: visit for visit, by in community.run("SELECT visit_id, asked_by FROM visit ORDER BY visit_id")}
        assert set(asked) == {"elder", "family"}
        make_visit(nurse, asked["elder"], wish="她想有人陪我去医院复查")
        make_visit(nurse, asked["family"])
        taken = desk.post("/api/v1/demands", json={"elder_id": elder, "text": "想剪头发", "kind": "hair"}).json()
        assert taken["state"] == "visit"
        assert states(community) == [
            ("elder", "companionship", "done"),
            ("elder", "repair", "done"),
            ("family", "meals", "done"),
            ("nurse", "escort", "visit"),
            ("desk", "hair", "visit"),
        ]
        (staffs,) = community.run("SELECT DISTINCT visit_id FROM demand WHERE state = 'visit'")
        make_visit(nurse, staffs[0])
        for visit in (*asked.values(), staffs[0]):
            assert tablet.post(f"/e/{LINK}/visits/{visit}/assessment", data={"face": 5}).status_code == 303
        assert {state for _, _, state in states(community)} == {"assessed"}
        shown = words(desk.get(f"/demands/{taken['demand_id']}?lang=en").text)
        for said in ("想剪头发", "Hair and nails", "said by a person", "assessed: Very good", "Visit: accepted"):
            assert said in shown
        assert "No wish waits" in words(desk.get("/demands?lang=en").text)
    assert community.run("SELECT count(*) FROM demand WHERE ended_at IS NULL") == [(0,)]


async def test_what_is_noticed_and_what_staff_ask_for_are_demands_too(sorted_site: Site, community: Community) -> None:
    community.create_alert("home-2", [], cause="pulse")
    async with await psycopg.AsyncConnection.connect(community.dsn) as connection:
        assert await follow_alerts(connection, NOW, DEFAULT_PROMISES) == 1
    with sorted_site.signed_in("nurse") as nurse:
        asked = {"wish": "午饭送来", "for_family": True}
        nurse.post(f"/api/v1/elders/{community.elders['home-1']}/visits", json=asked).raise_for_status()
        assert states(community) == [("detection", "health", "visit"), ("family", "meals", "visit")]
        for (visit_id,) in community.run("SELECT visit_id FROM demand"):
            make_visit(nurse, visit_id)
        assert "Pulse" in words(nurse.get("/demands?state=done&lang=en").text)
        community.run("INSERT INTO visit_event (visit_id, state, at) SELECT visit_id, 'closed', %s FROM visit", NOW)
    assert {state for _, _, state in states(community)} == {"closed"}


def test_a_call_in_words_is_on_the_board_at_once(sorted_site: Site, community: Community) -> None:
    with sorted_site.signed_in("desk") as desk, sorted_site.visitor() as tablet:
        assert tablet.post(f"/e/{LINK}/wishes", json={"text": "我摔了起不来"}).json()["state"] == "calling"
        (alarm,) = desk.get("/api/v1/board").json()["alarms"]
        assert (alarm["kind"], alarm["elder_name"], alarm["gateway_id"]) == ("said", "王秀英", "")
        card = words(desk.get(f"/alarms/{alarm['alarm_id']}?lang=en").text)
        assert "A call for help in words" in card
        assert "我摔了起不来" in card
        assert "颐和路" in card
        assert "The centre has your call" in words(tablet.get(f"/e/{LINK}?lang=en").text)
        again = tablet.post(f"/e/{LINK}/wishes", json={"text": "摔了起不来，快来"}).json()
        assert again["again"]
        base = f"/api/v1/alarms/{alarm['alarm_id']}"
        assert desk.post(f"{base}/take", json={}).json()["state"] == "taken"
        assert "A person has your call" in words(tablet.get(f"/e/{LINK}?lang=en").text)
        assert desk.post(f"{base}/close", json={"reason": "mistake"}).status_code == 200
        assert "我摔了起不来" in words(desk.get("/demands/doubts").text)
        (one,) = desk.get("/api/v1/demands").json()["demands"]
        said = desk.post(f"/api/v1/demands/{one['demand_id']}/kind", json={"kind": "health"}).json()
        assert (said["state"], said["times"]) == ("visit", 2)
    assert community.run("SELECT count(*) FROM alarm_event WHERE told_home_at IS NULL") == [(0,)]
    note = "SELECT note FROM alarm_event WHERE note <> '' ORDER BY alarm_event_id"
    assert community.run(note) == [("我摔了起不来",), ("摔了起不来，快来",)]


def test_the_desk_takes_in_sorts_and_answers(sorted_site: Site, community: Community) -> None:
    create_day(community)
    elder = community.elders["home-1"]
    with sorted_site.signed_in("desk") as desk, sorted_site.signed_in("admin") as admin:
        assert desk.get("/demands/new?q=王秀").headers["location"] == f"/demands/new?elder={elder}"
        assert "王强 +8613800000001" in desk.get("/demands/new?q=138 0000 0001").text
        assert "李德福" in desk.get("/demands/new?q=颐和路").text
        form = {"elder_id": elder, "text": "嗯，那个东西"}
        page = desk.post("/api/v1/demands", data=form).headers["location"]
        doubts = words(desk.get("/demands/doubts?lang=en").text)
        assert "嗯，那个东西" in doubts
        assert desk.post(f"/api/v1{page}/kind", json={"kind": "information"}).json()["state"] == "open"
        assert desk.post(f"/api/v1{page}/steps", json={"to": "done"}).status_code == 422
        done = desk.post(f"/api/v1{page}/steps", json={"to": "done", "note": "told her the date"}).json()
        assert done["state"] == "done"
        assert desk.post(f"/api/v1{page}/steps", json={"to": "visit"}).status_code == 409
        window = {"from_at": "2026-11-23T09:00", "until_at": "2026-11-23T11:00"}
        taken = desk.post("/api/v1/demands", json={"elder_id": elder, "text": "厨房的灯坏了", **window}).json()
        promised = community.one("SELECT promised_by FROM visit JOIN demand USING (visit_id) WHERE demand_id = %s",
                                 taken["demand_id"])  # fmt: skip
        assert promised.isoformat() == "2026-11-23T03:00:00+00:00"
        again = desk.post("/api/v1/demands", json={"elder_id": elder, "text": "灯坏了"}).json()
        assert again == {**taken, "again": True}
        late = {"elder_id": elder, "text": "x", "until_at": "2026-11-21T09:00"}
        assert desk.post("/api/v1/demands", json=late).status_code == 422
        call = desk.post("/api/v1/demands", data={"elder_id": elder, "text": "她胸口疼"}).headers["location"]
        assert community.one("SELECT kind FROM alarm WHERE alarm_id = %s", call.removeprefix("/alarms/")) == "said"
        kind = {"code": "pets", "parent": "life_care", "chinese": "宠物", "english": "Pets", "travels": True}
        assert desk.post("/api/v1/demand-kinds", json=kind).status_code == 403
        assert admin.post("/api/v1/demand-kinds", json=kind).status_code == 200
        assert admin.post("/api/v1/demand-kinds", json=kind | {"parent": "pets"}).status_code == 409
        walk = {"elder_id": elder, "text": "帮我遛狗", "kind": "pets"}
        assert desk.post("/api/v1/demands", json=walk).json()["state"] == "visit"
        figures = desk.get("/api/v1/demand-figures").json()
        counts = {row["kind"]: row["counts"][-1] for row in figures["communities"][0]["rows"]}
        assert counts == {"information": 1, "repair": 1, "emergency": 1, "pets": 1, None: 4}
        assert "not known yet" in words(desk.get("/demands/figures?lang=en").text)
        assert "Pets" in words(admin.get("/demands/kinds?lang=en").text)
    assert community.run("SELECT kind, text FROM demand WHERE sorted_by = 'person' ORDER BY 1") == [
        ("information", "嗯，那个东西"), ("pets", "帮我遛狗"),
    ]  # fmt: skip
