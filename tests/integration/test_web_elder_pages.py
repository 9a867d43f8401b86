"""The elder's pages: a wish asked once more and taken back, what was, and the looks that a reader chose."""

from datetime import timedelta

import pytest

from tests.cloud.web.community import LINK, NOW, Community, create_day
from tests.cloud.web.running import Site
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration


def test_a_wish_is_confirmed_and_taken_back(site: Site, community: Community) -> None:
    with site.visitor() as tablet:
        tablet.headers["origin"] = site.address
        shown = words(tablet.get(f"/e/{LINK}/want/medicine").text)
        assert "Is somebody to come? My medicine" in shown
        assert tablet.get(f"/e/{LINK}/want/pizza").status_code in (404, 422)
        assert community.run("SELECT FROM visit") == []
        assert tablet.post(f"/e/{LINK}/requests", data={"wish": "medicine"}).status_code == 303
        assert "Nobody need come after all" in words(tablet.get(f"/e/{LINK}").text)
        assert tablet.post(f"/e/{LINK}/requests/take-back", data={}).status_code == 303
    assert community.run("SELECT state FROM visit") == [("cancelled",)]


def test_what_was_stands_in_plain_words(site: Site, community: Community) -> None:
    create_day(community)
    elder = community.elders["home-1"]
    community.run(
        "INSERT INTO baseline VALUES (%s, 'glucose', 110, 90, 130, 40, %s) ON CONFLICT DO NOTHING", elder, NOW
    )
    visit = community.create_visit("home-1", state="assessed", nurse="nurse2", asked_at=NOW - timedelta(days=2))
    community.create_report(visit, "nurse2", NOW - timedelta(days=1))
    with site.visitor() as tablet:
        shown = words(tablet.get(f"/e/{LINK}/earlier").text)
        assert "Blood pressure" in shown
        assert " over " in shown
        assert "for you." in shown
        assert "赵立新 yesterday 09:12" in shown
        assert "陈晓梅" in shown
        assert "You said: Good" in shown
        chinese = words(tablet.get(f"/e/{LINK}/earlier?lang=zh").text)
        assert "您说：好" in chinese


def test_a_reader_chooses_type_and_unit(site: Site, community: Community) -> None:
    community.create_visit("home-1", state="at_the_door", nurse="nurse")
    elder = community.elders["home-1"]
    community.run(
        "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, gateway_id, "
        "epoch, outbox_number) VALUES (1, 'glucose', 1, %s, 180.156, %s, %s, 'gw-home-1', 1, 1)",
        NOW, elder, NOW,
    )  # fmt: skip
    with site.signed_in("nurse") as nurse:
        assert "10.0 mmol/L" in words(nurse.get(f"/elders/{elder}").text)
        assert "large.css" not in nurse.get("/today").text
        nurse.post("/account/looks", data={"size": "large", "glucose_unit": "mg/dL"})
        assert "large.css" in nurse.get("/today").text
        assert "180 mg/dL" in words(nurse.get(f"/elders/{elder}").text)
        visit = community.one("SELECT visit_id FROM visit")
        assert 'name="glucose_unit" value="mg/dL"' in nurse.get(f"/visits/{visit}").text
        report = {"glucose": 99, "glucose_unit": "mg/dL"}
        assert nurse.post(f"/api/v1/visits/{visit}/report", json=report).status_code == 200
    assert community.run("SELECT value, flags FROM reading WHERE device_id = 0") == [(99.0, ["by_nurse"])]
