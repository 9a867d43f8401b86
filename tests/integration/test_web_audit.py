"""Who saw and changed what of whom: written before the page is shown, kept by the database, shown to the elder."""

import psycopg
import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.identity.audit import store
from cloud.identity.audit.chain import verify
from cloud.web.app import ROUTERS
from cloud.web.audit.noting import NOTED
from tests.cloud.web.community import LINK, Community, create_day
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration


def test_looks_and_deeds_leave_lines_and_the_elder_sees_them(site: Site, community: Community) -> None:
    day, elder = create_day(community), community.elders["home-1"]
    visit = day["severe"]
    with site.signed_in("nurse") as nurse, site.signed_in("stranger") as stranger, site.visitor() as tablet:
        assert "Nobody did." in tablet.get(f"/e/{LINK}/looked").text
        assert nurse.get(f"/elders/{elder}").status_code == 200
        assert nurse.get(f"/elders/{elder}").status_code == 200  # the same look
        nurse.get(f"/api/v1/visits/{visit}")
        for to in ("accepted", "travelling"):
            nurse.post(f"/api/v1/visits/{visit}/steps", json={"to": to})
        nurse.post(f"/api/v1/alarms/{day['calling']}/take", json={})
        assert stranger.get(f"/elders/{elder}").status_code == 404  # saw nothing
        nurse.get("/board")  # a list
        seen = tablet.get(f"/e/{LINK}/looked?lang=en").text
    lines = community.run("SELECT what, subject, elder_id, staff_id FROM audit ORDER BY audit_id")
    me = community.staff["nurse"]
    assert lines == [
        ("saw_record", f"elder:{elder}", elder, me),
        ("saw_visit", f"visit:{visit}", elder, me),
        ("moved_visit", f"visit:{visit}", elder, me),
        ("moved_visit", f"visit:{visit}", elder, me),
        ("took_call", f"alarm:{day['calling']}", community.elders["home-2"], me),
    ]
    assert seen.count("<li>") == 4  # not the other elder's call
    assert "陈晓梅" in seen
    assert "looked at the record" in seen


def test_nobody_changes_a_line_and_who_forces_it_is_found(
    site: Site, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.signed_in("desk") as desk:
        for home in ("home-1", "home-2", "home-3"):
            desk.get(f"/elders/{community.elders[home]}")
    monkeypatch.setenv("DOORSTEP_DSN", community.dsn)
    for statement in ("UPDATE audit SET staff_id = 1", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
            community.run(statement)
    whole = CliRunner().invoke(app, ["audit", "verify"])
    assert whole.exit_code == 0
    assert whole.stdout.startswith("3 lines, whole; head 3:")
    head = whole.stdout.split()[-1]
    with psycopg.connect(community.dsn) as connection:  # the server's owner can switch triggers off
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("DELETE FROM audit WHERE audit_id = 3")
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 0
    cut = CliRunner().invoke(app, ["audit", "verify", "--head", head])
    assert cut.exit_code == 1
    assert "the end is missing" in cut.stdout
    with psycopg.connect(community.dsn) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("UPDATE audit SET staff_id = 99 WHERE audit_id = 1")
        assert verify(store.lines(connection)).fault == "line 1 was changed"


def test_every_noted_route_is_one() -> None:
    known = {f"{method} {route.path}" for r in ROUTERS for route in r.routes for method in route.methods}  # type: ignore[attr-defined]  # all are APIRoutes
    assert set(NOTED) <= known
