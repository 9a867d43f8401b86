"""Who saw and changed what of whom: written before the page is shown, kept by the database, shown to the elder."""

import psycopg
import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.identity.audit import store
from cloud.identity.audit.chain import verify
from tests.cloud.web.community import LINK, Community, create_day
from tests.cloud.web.running import Site
from tests.integration.test_web_family import invite, let_in
from tests.integration.test_web_pages import words

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
    lines = community.run(
        "SELECT what, subject, elder_id, staff_id FROM audit WHERE what <> 'signed_in' ORDER BY audit_id"
    )
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
    assert whole.stdout.startswith("4 lines, whole; head 4:")  # who signed in is one
    head = whole.stdout.split()[-1]
    with psycopg.connect(community.dsn) as connection:  # the server's owner can switch triggers off
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("DELETE FROM audit WHERE audit_id = 4")
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 0
    cut = CliRunner().invoke(app, ["audit", "verify", "--head", head])
    assert cut.exit_code == 1
    assert "the end is missing" in cut.stdout
    with psycopg.connect(community.dsn) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("UPDATE audit SET staff_id = 99 WHERE audit_id = 1")
        assert verify(store.lines(connection)).fault == "line 1 was changed"


def test_who_comes_by_a_link_is_seen_too(site: Site, community: Community) -> None:
    create_day(community)
    elder = community.elders["home-1"]
    with site.signed_in("nurse") as nurse, site.visitor() as phone, site.visitor() as tablet:
        path, code = invite(nurse, elder, "family_readings")
        assert phone.get(path).status_code == 303  # the code is asked for: nothing was seen
        let_in(phone, path, code)
        for _ in range(3):
            assert phone.get(path).status_code == 200
        assert tablet.post(f"/e/{LINK}/requests", json={"wish": "company"}).status_code == 200
        seen = {code: words(tablet.get(f"/e/{LINK}/looked?lang={code}").text) for code in ("en", "zh")}
    relative = community.one("SELECT relative_id FROM relative")
    assert community.run("SELECT what, subject, staff_id FROM audit WHERE elder_id = %s ORDER BY audit_id", elder) == [
        ("drew_link", f"elder:{elder}", community.staff["nurse"]),
        ("opened_link", f"relative:{relative}", 0),
        ("saw_family_page", f"relative:{relative}", 0),
        ("asked_visit", "link:", 0),
    ]
    assert "王小明 (family) looked at what is shared with the family" in seen["en"]
    assert "You asked for somebody to come" in seen["en"]
    assert "王小明 (家人) 查看了与家人共享的内容" in seen["zh"]
    with psycopg.connect(community.dsn) as connection:
        assert verify(store.lines(connection)).fault == ""
