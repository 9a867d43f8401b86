"""The register of elders, from a new entry to a move: who may see and write what, and what is kept how."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cloud.registry.elders.abilities.scales import PARTS, Scale
from tests.cloud.web.community import Community
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration

NUMBER = "11010519491231002X"
ENTRY = {
    "name": "王秀英", "born_on": "1949-12-31", "sex": "female", "language": "zh", "address": "颐和路 12 号",
    "door_note": "敲窗", "dwelling": "flat", "storey": "6", "lift": "no", "lives_with": ["alone"], "household": "",
    "religion": "buddhism", "diet": ["little_salt", "soft"], "food_note": "花生过敏", "payers": ["care_insurance"],
    "payer_note": "", "contacts": "王强 / 儿子 / 025-5550-0101\n周丽／邻居／025-5550-0102", "version": "0",
}  # fmt: skip
ANSWERS = {item.code: str(item.points[0]) for part in PARTS[Scale.GBT42195] for item in part.items}


@pytest.fixture
def desk(site: Site) -> Iterator[httpx.Client]:
    with site.signed_in("desk") as client:
        yield client


@pytest.fixture
def elder_id(community: Community) -> int:
    return community.elders["home-1"]


def entry_of(client: httpx.Client, elder_id: int) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/elders/{elder_id}/register").raise_for_status().json()
    return found


def write(client: httpx.Client, elder_id: int, **more: Any) -> httpx.Response:
    return client.post(f"/elders/{elder_id}/register", data=ENTRY | more)


def test_an_entry_is_written_and_read(site: Site, desk: httpx.Client, elder_id: int) -> None:
    assert write(desk, elder_id).status_code == 303
    entry = entry_of(desk, elder_id)
    assert (entry["storey"], entry["lift"], entry["lives_with"], entry["version"]) == (6, False, ["alone"], 1)
    assert [one["name"] for one in entry["contacts"]] == ["王强", "周丽"]
    assert write(desk, elder_id, storey="7").status_code == 409  # of the version before
    assert write(desk, elder_id, storey="7", version="1").status_code == 303
    assert "花生过敏" in desk.get(f"/elders/{elder_id}/register").raise_for_status().text
    found = desk.get("/elders", params={"q": "秀英", "alone": "true"}).raise_for_status().text
    assert "王秀英" in found
    assert "王秀英" not in desk.get("/elders", params={"q": "nobody"}).text
    with site.signed_in("nurse") as nurse:
        shown = nurse.get(f"/elders/{elder_id}/register").raise_for_status().text
        assert "花生过敏" in shown
        assert "payers" not in shown
        assert entry_of(nurse, elder_id)["payers"] is None
        assert write(nurse, elder_id, version="2").status_code == 403


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(desk: httpx.Client, elder_id: int) -> None:
    answer = write(
        desk,
        elder_id,
        name="",
        storey="high",
        lives_with=["alone", "spouse"],
        contacts="王强 025",
        born_on="2300-01-01",
    )
    assert answer.status_code == 422
    for name in ("name", "storey", "lives_with", "contacts", "born_on"):
        assert f'id="wrong-{name}"' in answer.text
    assert "王强 025" in answer.text  # it stands in the form as it was written
    assert entry_of(desk, elder_id)["version"] == 0
    told = desk.post(f"/elders/{elder_id}/register", json={"name": "x", "storey": "high", "address": "x"})
    assert (told.status_code, "storey" in told.text) == (422, True)


def test_numbers_are_kept_sealed_found_and_uncovered_with_a_line(
    site: Site, desk: httpx.Client, community: Community, elder_id: int
) -> None:
    write(desk, elder_id, born_on="1950-01-01")
    keep = f"/elders/{elder_id}/register/numbers"
    wrong = desk.post(keep, data={"number": "110105194912310021"})
    assert (wrong.status_code, 'id="wrong-number"' in wrong.text) == (422, True)
    assert desk.post(keep, data={"number": NUMBER.lower(), "card": "A1234 5678"}).status_code == 303
    [(sealed, digest)] = community.run("SELECT number_sealed, number_hash FROM elder_identity")
    assert NUMBER.encode() not in bytes(sealed) + bytes(digest)
    shown = desk.get(f"/elders/{elder_id}/register").text
    assert NUMBER not in shown
    assert "•2X" in shown
    assert "another day of birth" in shown  # the entry's is not the number's
    assert NUMBER in desk.post(f"{keep}/show").raise_for_status().text
    assert community.one("SELECT count(*) FROM audit WHERE what = 'saw_numbers'") == 1
    found = desk.post("/elders/find", data={"number": "110105 19491231 002x"})
    assert found.headers["location"] == f"/elders/{elder_id}/register"
    assert desk.post("/elders/find", data={"number": "a12345678"}).status_code == 303
    assert desk.post("/elders/find", data={"number": "440524188001010014"}).status_code == 404
    other = desk.post(f"/elders/{community.elders['home-2']}/register/numbers", data={"number": NUMBER})
    assert other.status_code == 409  # nobody stands in the register twice
    with site.signed_in("nurse") as nurse:
        assert "2X" not in nurse.get(f"/elders/{elder_id}/register").text
        assert nurse.post(f"{keep}/show").status_code == 403
    assert desk.post(keep, data={"forget_number": "yes"}).status_code == 303
    assert community.run("SELECT number_hash, card_hash IS NULL FROM elder_identity") == [(None, False)]


def test_abilities_are_assessed_drawn_and_struck(site: Site, desk: httpx.Client, elder_id: int) -> None:
    with site.signed_in("nurse") as nurse:
        path = f"/elders/{elder_id}/abilities/gbt42195"
        nurse.get(path).raise_for_status()
        missing = nurse.post(path, data={"eating": "3"})
        assert (missing.status_code, missing.text.count('id="wrong-')) == (422, 25)
        assert nurse.post(path, data=ANSWERS | {"assessed_on": "2026-05-01"}).status_code == 303
        less = ANSWERS | {"walking": "1", "stairs": "0", "grounds": "accidents", "assessed_on": "2026-11-20"}
        assert nurse.post(path, data=less).status_code == 303
    newest = entry_of(desk, elder_id)["assessments"][0]
    assert (newest["points"], newest["level"], newest["by"]) == (84, 2, "陈晓梅")
    shown = desk.get(f"/elders/{elder_id}/register").text
    assert "6 points fewer than before" in shown
    assert "王秀英" in desk.get("/elders", params={"level": 2}).text
    assert desk.post(f"/elders/{elder_id}/abilities/{newest['ability_id']}/strike").status_code == 303
    assert entry_of(desk, elder_id)["ability_level"] == 0
    assert "王秀英" not in desk.get("/elders", params={"level": 2}).text


def test_the_record_moves_with_the_elder(site: Site, desk: httpx.Client, community: Community, elder_id: int) -> None:
    community.run(
        "INSERT INTO region (code, name, level, parent_id) VALUES ('320106001002', '山西路社区', 'community', %s)",
        community.regions["street"],
    )
    visit = community.create_visit("home-1", state="accepted", nurse="nurse")
    move = {"community": "320106001002", "address": "山西路 3 号", "why": "to her daughter"}
    refused = desk.post(f"/elders/{elder_id}/move", data=move)
    assert (refused.status_code, "visit" in refused.text) == (409, True)
    community.run("UPDATE visit SET state = 'cancelled' WHERE visit_id = %s", visit)
    assert desk.post(f"/elders/{elder_id}/move", data=move).status_code == 303
    assert entry_of(desk, elder_id)["community"] == "山西路社区"
    assert "颐和路社区 → 山西路社区" in desk.get(f"/elders/{elder_id}/register").text
    assert community.one("SELECT count(*) FROM wearer WHERE elder_id = %s AND upper_inf(during)", elder_id) == 0
    with site.signed_in("nurse") as nurse:  # of the old community
        assert nurse.get(f"/elders/{elder_id}").status_code == 404
        assert nurse.get(f"/api/v1/elders/{elder_id}/register").status_code == 404


def test_a_new_elder_is_made_in_the_viewers_regions(desk: httpx.Client, community: Community) -> None:
    new = {"name": "孙玉兰", "community": "320106001001", "address": "颐和路 20 号"}
    made = desk.post("/elders/new", data=new)
    assert made.status_code == 303
    assert "孙玉兰" in desk.get(made.headers["location"]).raise_for_status().text
    elsewhere = desk.post("/elders/new", data=new | {"community": "320104"})
    assert elsewhere.status_code == 422
    assert community.one("SELECT count(*) FROM elder WHERE name = '孙玉兰'") == 1
