"""The page on which a person says whose a measurement was, on a real database and a real web process."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cloud.detection.limits import load_limits
from cloud.detection.store import wake
from cloud.detection.unsure.look import look_at_next_record
from cloud.detection.worker import look_at_next
from protocols.reading import Flag
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.web.community import NOW, Community, create_community
from tests.cloud.web.running import Site, running_site

pytestmark = pytest.mark.integration

KEY = 2**62 - 12345  # beyond what a script's number holds
MEASURED_AT = NOW - timedelta(minutes=30)


def share_cuff(made: Community) -> None:
    """In home 1 live two people from now on; they share the cuff, and the normal of one is known."""
    home = made.one("SELECT home_id FROM home WHERE code = 'home-1'")
    made.elders["guest"] = made.one(
        "INSERT INTO elder (code, home_id, name) VALUES ('elder-1b', %s, '王大明') RETURNING elder_id", home
    )
    made.run(
        "INSERT INTO wearer (device_id, elder_id, usual_minutes) VALUES (%s, %s, '{[1200,1260)}')",
        made.devices["home-1/sphygmomanometer"],
        made.elders["guest"],
    )
    made.run(
        "INSERT INTO baseline (elder_id, metric, centre, low, high, count, computed_at) "
        "VALUES (%s, 'systolic', 145, 138, 152, 40, now())",
        made.elders["home-1"],
    )


@pytest.fixture
def community(database: str) -> Community:
    made = create_community(database)
    share_cuff(made)
    return made


@pytest.fixture
def site(tmp_path: Path, community: Community) -> Iterator[Site]:
    with running_site(tmp_path, community.dsn) as running:
        yield running


def create_unsure(
    made: Community, *, key: int = KEY, systolic: float = 184.0, why: str = "like_nobody", flags: tuple[Flag, ...] = (),
    elder: str | None = None, certainty: float = 0.4, at: datetime = MEASURED_AT,
) -> str:  # fmt: skip
    device = made.devices["home-1/sphygmomanometer"]
    for metric, value in (("diastolic", 96.0), ("systolic", systolic), ("pulse", 78.0)):
        made.run(
            "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, wearer_certainty, "
            "wearer_why, flags, received_at, stored_at, gateway_id, epoch, outbox_number) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'gw-home-1', 1, 1)",
            device, metric, key, at, value, made.elders[elder] if elder else None, certainty, why, list(flags), at, at,
        )  # fmt: skip
    return f"{device}-{key}"


def filed(made: Community) -> set[tuple[Any, ...]]:
    return set(made.run("SELECT elder_id, wearer_certainty, wearer_why FROM reading"))


def test_a_nurse_says_whose_it_was_and_everything_follows(site: Site, community: Community) -> None:
    act = create_unsure(community)
    mei, ming = community.elders["home-1"], community.elders["guest"]
    with site.signed_in("nurse") as nurse:
        assert "1 measurement without an owner" in nurse.get("/board").text
        shown = nurse.get("/unsure").text
        for words in (
            "184",
            "王秀英",
            "王大明",
            "usual 138 to 152",
            "20:00-21:00",
            "far from everybody",
            "40 % likely",
        ):
            assert words in shown, words
        assert nurse.get("/api/v1/unsure").json()["unsure"][0]["values"][0]["metric"] == "systolic"

        said = nurse.post(f"/api/v1/measurements/{act}/whose", json={"elder": mei, "after": 0})
        assert said.status_code == 200
        assert filed(community) == {(mei, 1.0, "said")}
        assert community.run("SELECT elder_id, since FROM detection_due") == [(mei, MEASURED_AT)]
        assert nurse.post(f"/api/v1/measurements/{act}/whose", json={"elder": mei, "after": 0}).status_code == 200
        rulings = "SELECT from_elder_id, to_elder_id, from_why, staff_id FROM ruling ORDER BY ruling_id"
        staff = community.staff["nurse"]
        assert community.run(rulings) == [(None, mei, "like_nobody", staff)]
        shown = nurse.get("/unsure").text
        assert "Every measurement has its owner" in shown
        assert "said by: 陈晓梅" in shown

        ruling = community.one("SELECT max(ruling_id) FROM ruling")
        nurse.post(f"/api/v1/measurements/{act}/whose", json={"elder": ming, "after": ruling}).raise_for_status()
        assert community.run(rulings)[1:] == [(mei, ming, "said", staff)]
        assert {elder for (elder,) in community.run("SELECT elder_id FROM detection_due")} == {mei, ming}


def test_what_is_unsure_raises_nobody_and_what_is_said_does(site: Site, community: Community) -> None:
    act = create_unsure(community, why="ask", certainty=0.0)
    mei = community.elders["home-1"]
    limits = load_limits(LIMITS)

    def alerts(now: datetime = NOW) -> list[tuple[Any, ...]]:
        with psycopg.connect(community.dsn) as connection:
            wake(connection, now)
            while look_at_next(connection, limits, now):
                pass
        return community.run("SELECT elder_id, cause FROM alert")

    community.run("INSERT INTO detection_due (elder_id, since) VALUES (%s, %s)", mei, MEASURED_AT)
    assert alerts() == []
    with site.signed_in("desk") as desk:
        desk.post(f"/api/v1/measurements/{act}/whose", json={"elder": mei}).raise_for_status()
    asked_again = timedelta(minutes=10)  # a severe value is measured again before anybody is sent
    assert alerts() == []
    assert (mei, "blood_pressure") in alerts(site.clock.now() + asked_again)


def test_a_guest_is_an_answer_and_forms_work_without_scripts(site: Site, community: Community) -> None:
    act = create_unsure(community)
    with site.signed_in("nurse") as nurse:
        answer = nurse.post(f"/api/v1/measurements/{act}/whose", data={"elder": "nobody", "after": "0"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/unsure")
        assert filed(community) == {(None, 1.0, "said")}
        assert community.run("SELECT * FROM detection_due") == []
        assert "Somebody else" in nurse.get("/unsure").text
        assert nurse.get("/api/v1/unsure").json()["unsure"] == []


def test_a_severe_one_stands_on_the_board_until_somebody_says_whose_it_was(site: Site, community: Community) -> None:
    mild = create_unsure(community, key=7, systolic=139.0, why="like_nobody", at=NOW - timedelta(minutes=2))
    act = create_unsure(community, why="ask", certainty=0.0)
    for one in (act, mild):
        community.run("INSERT INTO unsure_due VALUES (%s, %s, now())", *one.split("-"))
    with psycopg.connect(community.dsn) as connection:
        while look_at_next_record(connection, load_limits(LIMITS), NOW):
            pass
    with site.signed_in("desk") as desk, site.signed_in("stranger") as stranger:
        board = desk.get("/board").text
        who = "It may be 王秀英, 王大明, or somebody else."
        for words in ("Severe, and not known whose", who, f"/unsure#act-{act}"):
            assert words in board, words
        assert mild not in board
        (shown,) = desk.get("/api/v1/board").json()["severe"]
        assert (shown["severe"], shown["values"][0]["value"]) == ("today", 184.0)
        whose = desk.get("/unsure").text
        assert "call the home and ask who measured" in whose
        assert whose.index(f"act-{act}") < whose.index(f"act-{mild}")
        assert stranger.get("/api/v1/board").json()["severe"] == []

        with desk.stream("GET", "/events") as stream:
            lines = stream.iter_lines()
            next(lines)  # it stands
            said = {"elder": community.elders["home-1"]}
            desk.post(f"/api/v1/measurements/{act}/whose", json=said).raise_for_status()
            assert "event: severe" in lines
        assert "Severe, and not known whose" not in desk.get("/board/parts").text
        assert desk.get("/api/v1/board").json()["severe"] == []


def test_what_a_rule_filed_can_be_moved(site: Site, community: Community) -> None:
    act = create_unsure(community, elder="guest", why="by_time", certainty=0.943)
    mei, ming = community.elders["home-1"], community.elders["guest"]
    with site.signed_in("nurse") as nurse:
        shown = nurse.get("/unsure").text
        assert "by the time of day" in shown
        assert "94 % sure" in shown
        nurse.post(f"/api/v1/measurements/{act}/whose", json={"elder": mei}).raise_for_status()
    assert filed(community) == {(mei, 1.0, "said")}
    assert {elder for (elder,) in community.run("SELECT elder_id FROM detection_due")} == {mei, ming}


def test_the_slower_one_is_told_who_was_faster(site: Site, community: Community) -> None:
    act = create_unsure(community)
    with site.signed_in("nurse") as nurse, site.signed_in("desk") as desk:
        nurse.post(f"/api/v1/measurements/{act}/whose", json={"elder": "nobody"}).raise_for_status()
        answer = desk.post(f"/api/v1/measurements/{act}/whose", json={"elder": community.elders["home-1"]})
        assert answer.status_code == 409
        assert "陈晓梅" in answer.text
    assert filed(community) == {(None, 1.0, "said")}


def test_only_those_who_care_for_the_home_say_it_and_only_of_its_people(site: Site, community: Community) -> None:
    act = create_unsure(community)
    mei = community.elders["home-1"]
    with site.visitor() as nobody:
        assert nobody.post(f"/api/v1/measurements/{act}/whose", json={"elder": mei}).status_code == 401
    with site.signed_in("stranger") as stranger:
        assert "184" not in stranger.get("/unsure").text
        assert stranger.get("/api/v1/unsure").json()["unsure"] == []
        assert stranger.post(f"/api/v1/measurements/{act}/whose", json={"elder": mei}).status_code == 404
    with site.signed_in("admin") as admin:
        assert "<button name=" not in admin.get("/unsure").text
        assert admin.post(f"/api/v1/measurements/{act}/whose", json={"elder": mei}).status_code == 403
    with site.signed_in("nurse") as nurse:
        for wish, code in (
            ({"elder": community.elders["home-2"]}, 404), ({"elder": "x"}, 422), ({}, 422), ({"elder": 2**40}, 422),
        ):  # fmt: skip
            assert nurse.post(f"/api/v1/measurements/{act}/whose", json=wish).status_code == code, wish
        assert nurse.post("/api/v1/measurements/1-1/whose", json={"elder": mei}).status_code == 404
        assert nurse.post(f"/api/v1/measurements/1-{2**70}/whose", json={"elder": mei}).status_code == 422
    assert {(elder, why) for elder, _, why in filed(community)} == {(None, "like_nobody")}


def test_the_page_in_chinese_with_a_value_beyond_the_meter(site: Site, community: Community) -> None:
    create_unsure(community, why="value_doubtful", flags=(Flag.ABOVE_RANGE,))
    create_unsure(community, key=7, why="by_time", elder="guest", certainty=0.95)
    community.run("UPDATE device SET label = '<b>bold</b>'")
    with site.signed_in("nurse") as nurse:
        shown = nurse.get("/unsure", headers={"accept-language": "zh-CN"}).text
    assert "<b>HI</b>" in shown
    assert "<b>bold" not in shown
    body = re.sub(r"<[^>]+>|&[a-z]+;", " ", shown[shown.index("<main") :].replace("&lt;b&gt;bold&lt;/b&gt;", ""))
    assert set(re.findall(r"[A-Za-z]{3,}", body)) <= {"mmHg", "min"}
