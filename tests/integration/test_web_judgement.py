"""An elder's own figures and the alerts that wait, on a real database and a real web process."""

from datetime import timedelta
from typing import Any

import pytest

from cloud.db.pool import own_connection
from cloud.detection.limits import load_limits
from cloud.detection.outcomes.settling import settle
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration


def reason(rule: str, metric: str, value: float, limit: float) -> dict[str, Any]:
    return {
        "rule": rule,
        "priority": "this_week",
        "metric": metric,
        "value": value,
        "limit": limit,
        "unit": "mm[Hg]",
        "comparison": "at_least",
        "at": (NOW - timedelta(hours=1)).isoformat(),
        "count": 1,
        "usual_low": 138.0,
        "usual_high": 152.0,
        "source": "a source",
        "confirmed": False,
    }


def create_verdicts(made: Community, count: int) -> None:
    for days in range(1, count + 1):
        alert = made.create_alert(
            "home-1",
            [reason("raised_pressure", "systolic", 163.0, 160.0)],
            raised_at=NOW - timedelta(days=days + 1),
            state="closed",
            priority="this_week",
        )
        made.run(
            "UPDATE alert SET verdict = 'false', verdict_at = %s, verdict_by = %s, closed_at = %s WHERE alert_id = %s",
            NOW - timedelta(days=days), made.staff["nurse"], NOW - timedelta(days=days), alert,
        )  # fmt: skip


def test_a_figure_that_moved_by_itself_says_why_and_is_taken_back(site: Site, community: Community) -> None:
    elder = community.elders["home-1"]
    page = f"/elders/{elder}/limits"
    with site.signed_in("nurse") as nurse:
        assert "The centre's figures hold" in nurse.get(page).text
        create_verdicts(community, 3)
        with own_connection(community.dsn, "test") as connection:
            assert settle(connection, elder, load_limits(LIMITS), NOW) == 1
        shown = nurse.get(page).text
        for words in ("Raised pressure", "in place of 160 mmHg", "3 such alerts false and 0 right within 90 days",
                      "it may go from 150 to 175", "The 3 words that count", "陈晓梅"):  # fmt: skip
            assert words in shown, words
        figure, value = community.run("SELECT override_id, value FROM limit_override")[0]
        assert f"Systolic pressure {value:.0f} mmHg" in shown
        assert nurse.post(f"{page}/{figure}/end", json={"why": ""}).status_code == 422
        assert nurse.post(f"{page}/{figure}/end", json={"why": "well again"}).status_code == 200
        assert nurse.post(f"{page}/{figure}/end", json={"why": "well again"}).status_code == 409
        shown = nurse.get(page, params={"lang": "zh"}).text
        assert "1 个个人界限" in shown
        assert "陈晓梅" in shown
        assert "well again" in shown
    assert community.run("SELECT elder_id FROM detection_due") == [(elder,)]
    assert community.one("SELECT count(*) FROM audit WHERE what = 'changed_limits' AND elder_id = %s", elder) == 1
    with own_connection(community.dsn, "test") as connection:
        # only what is said from now on counts
        assert settle(connection, elder, load_limits(LIMITS), NOW + timedelta(minutes=5)) == 0


def test_what_waits_stands_in_order_with_its_reasons_and_is_sent_by_hand(site: Site, community: Community) -> None:
    with site.signed_in("desk") as desk:
        assert "Nothing waits" in desk.get("/held").text
        for elder, score, days in (("home-1", 0.31, 0), ("home-2", 0.36, 2)):
            alert = community.create_alert(
                elder,
                [reason("raised_pressure", "systolic", 168.0, 160.0)],
                priority="this_week",
                raised_at=NOW - timedelta(days=days, hours=1),
            )
            community.run("UPDATE alert SET held = true, score = %s WHERE alert_id = %s", score, alert)
        shown = desk.get("/held").text
        first, second = shown.index("李德福"), shown.index("王秀英")
        assert first < second
        for words in ("There is room for 3 more", "36 of 100", "nobody has said yet", "waits for 2 days",
                      'class="reason-scale"', "Sys 168 mmHg"):  # fmt: skip
            assert words in shown, words
        assert desk.post(f"/held/{2**62}/send", json={}).status_code == 404
        assert desk.post(f"/held/{alert}/send", json={}).status_code == 200
        assert desk.post(f"/held/{alert}/send", json={}).status_code == 409
        assert "李德福" not in desk.get("/held").text
    ((held, shown_at),) = community.run("SELECT held, shown_at FROM alert WHERE alert_id = %s", alert)
    assert not held
    assert NOW <= shown_at < NOW + timedelta(minutes=5)
    assert community.run("SELECT what, elder_id FROM audit WHERE subject = %s", f"alert:{alert}") == [
        ("sent_somebody", community.elders["home-2"])
    ]


def test_a_record_says_how_urgent_and_draws_the_reason(site: Site, community: Community) -> None:
    community.create_alert("home-1", [reason("raised_pressure", "systolic", 168.0, 160.0)], priority="this_week")
    with site.signed_in("nurse") as nurse:
        shown = nurse.get(f"/elders/{community.elders['home-1']}").text
    assert "this week, because of: Raised pressure" in shown
    assert 'aria-label="Sys 168 mmHg, at 08:12; usual 138 to 152; limit 160"' in shown
