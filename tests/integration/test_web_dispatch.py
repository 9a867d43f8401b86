"""The dispatcher's pages and routes over real rows: what is shown, what a move costs, and that it is done."""

import pytest

from tests.cloud.web.community import Community
from tests.cloud.web.running import Site
from tests.integration.planned_day import create_planned_day, plan

pytestmark = pytest.mark.integration


def route_of(community: Community, visit_id: int) -> tuple[int, str]:
    ((nurse, at),) = community.run(
        "SELECT r.nurse_id, to_char(arrives_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') "
        "FROM route_stop JOIN route r USING (route_id) WHERE visit_id = %s",
        visit_id,
    )
    return nurse, at


def test_the_day_is_shown_a_move_is_priced_and_done(site: Site, community: Community) -> None:
    visits = create_planned_day(community)
    first = visits[0]
    nurse, _ = route_of(community, first)
    other = community.staff["nurse" if nurse == community.staff["nurse2"] else "nurse2"]
    with site.signed_in("desk") as desk:
        page = desk.get("/dispatch").text
        assert page.count('class="block ') == len(visits) - 1
        assert f"waits-{visits[-1]}" in page
        assert "Nobody who works has what it needs: wound" in page
        assert "孙玉兰" in desk.get("/dispatch/parts").text
        assert "孙玉兰" not in desk.get("/dispatch?day=2026-11-24").text.replace("option", "")
        cost = desk.get(f"/api/v1/dispatch/visits/{first}/cost", params={"nurse_id": other, "at": "17:00"}).json()
        assert cost["arrives_at"].startswith("2026-11-22T09:00") or "17:00" in cost["arrives_at"]
        assert [one["visit_id"] for one in cost["late"]] == [first]
        asked = desk.get(f"/dispatch/visits/{first}", params={"nurse_id": other, "at": "17:00"}).text
        assert "Promises broken" in asked
        assert "min late" in asked
        lacking = desk.get(f"/api/v1/dispatch/visits/{visits[-1]}/cost", params={"nurse_id": other}).json()
        assert lacking["lacks"] == ["wound"]
        done = desk.post(f"/api/v1/dispatch/visits/{first}/pin", json={"nurse_id": other, "at": "15:00"})
        assert done.json()["nurse_id"] == other
        plan(community)
        assert route_of(community, first) == (other, "15:00")
        assert "the desk moved it" in desk.get(f"/dispatch/visits/{first}").text
        assert desk.post(f"/api/v1/dispatch/visits/{first}/unpin", json={}).status_code == 200
        assert community.one("SELECT pinned_to FROM visit WHERE visit_id = %s", first) is None
        stranger = community.staff["stranger"]
        refused = desk.post(f"/api/v1/dispatch/visits/{first}/pin", json={"nurse_id": stranger})
        assert refused.status_code == 409
        assert desk.get("/api/v1/dispatch/visits/999999/cost", params={"nurse_id": other}).status_code == 404


def test_visits_are_asked_for_and_come_by_themselves(site: Site, community: Community) -> None:
    elder = community.elders["home-2"]
    with site.signed_in("desk") as desk:
        wish = {"wish": "Change of dressing", "skills": ["wound"], "minutes": 45, "people": 2, "for_family": True}
        asked = desk.post(f"/api/v1/elders/{elder}/visits", json=wish)
        assert asked.status_code == 200
        assert community.run("SELECT kind, asked_by, skills, minutes FROM visit ORDER BY visit_id") == [
            ("request", "family", ["wound"], 45),
            ("together", None, ["wound"], 45),
        ]
        assert desk.post(f"/api/v1/elders/{elder}/visits", json=wish).status_code == 409
        late = desk.post(f"/api/v1/elders/{elder}/visits", json={"wish": "x", "promised_by": "2026-01-01T00:00:00Z"})
        assert late.status_code == 422
        rhythm = {"every_days": 14, "from_time": "10:00", "to_time": "12:00"}
        assert desk.post(f"/api/v1/elders/{elder}/regular", json=rhythm).json()["every_days"] == 14
        assert desk.post(f"/api/v1/elders/{elder}/regular", json={"every_days": 0}).json() is None
        wrong = rhythm | {"to_time": "09:00"}
        assert desk.post(f"/api/v1/elders/{elder}/regular", json=wrong).status_code == 422
    assert community.run("SELECT every_days, ended_at IS NULL FROM regular_visit") == [(14, False)]
