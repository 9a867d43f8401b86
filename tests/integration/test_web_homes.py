"""The installer's page: a home and its code, with which a machine really enrols."""

import re
from pathlib import Path

import pytest

from edge.identity.enrolment import enrol
from tests.cloud.web.community import create_community
from tests.cloud.web.running import running_site
from tests.integration.test_web_pages import words
from tests.integration.trust_centre import TrustCentre

pytestmark = pytest.mark.integration

CODE = re.compile(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</code>")


def test_a_home_and_its_code_are_made_on_a_page(database: str, tmp_path: Path) -> None:
    community = create_community(database)
    community.run(
        "INSERT INTO staff (login, name, role, region_id, password_hash) "
        "SELECT 'installer', 'installer', 'installer', region_id, password_hash FROM staff WHERE login = 'nurse'"
    )
    code = community.one("SELECT code FROM region WHERE level = 'community' ORDER BY region_id LIMIT 1")
    form = {"community": code, "address": "Ferry Road 3", "elder": "Mrs Li"}
    with running_site(tmp_path, database, web='[trust]\nnames = ["localhost"]') as site:
        with site.signed_in("installer") as installer:
            refused = installer.post("/homes/new", data=form)
            assert "authority cannot be read" in words(refused.text)
            assert community.one("SELECT count(*) FROM home WHERE address = 'Ferry Road 3'") == 0, "all or nothing"
            centre = TrustCentre(database, tmp_path / "data")
            assert code in installer.get("/homes/new").text
            shown = installer.post("/homes/new", data=form).text
            assert "data:image/svg+xml" in shown
            gateway = community.one(
                "SELECT gateway_id FROM gateway JOIN home USING (home_id) WHERE address = 'Ferry Road 3'"
            )
            first = CODE.findall(shown)
            again = CODE.findall(installer.post(f"/gateways/{gateway}/claim").text)
            assert installer.post("/gateways/gw-nowhere/claim").status_code == 404
            assert installer.post("/homes/new", data={**form, "community": "elsewhere"}).status_code == 404
        with site.signed_in("nurse") as nurse:
            assert nurse.post("/homes/new", data=form).status_code == 403
    lines = community.run("SELECT what, subject FROM audit WHERE what <> 'signed_in' AND elder_id IS NOT NULL")
    assert lines == [("made_home", f"gateway:{gateway}"), ("drew_claim", f"gateway:{gateway}")]
    assert first
    assert first != again
    with centre.enrolment():
        assert enrol(centre.server, again[0], tmp_path / "identity").settings.gateway == gateway
