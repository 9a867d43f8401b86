"""The report of a proven home on its pages, and what the fleet makes of it."""

import csv
import io
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.identity.authority.authority import create_authority
from protocols.enrolment.proof import signed_bytes
from protocols.enrolment.reports import PROOF_PATH, Check, ProofReport
from tests.cloud.web.community import LINK, Community
from tests.cloud.web.running import Site
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
_KEY = generate_private_key(SECP256R1())


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    return create_authority(NOW).certify_gateway(_KEY.public_key(), "gw-home-1", "home-1", NOW)


def keep(community: Community, certificate: x509.Certificate, *, passed: bool, forged: bool = False) -> None:
    """As the enrolment's process keeps what a gateway signed."""
    cuff = community.one("SELECT name FROM device WHERE gateway_id = 'gw-home-1' AND kind = 'sphygmomanometer'")
    checks = (
        Check(what="clock", passed=True, at=NOW, detail="0 s beside the centre's"),
        Check(what="meter", passed=passed, at=NOW, device=cuff, detail="<b>nothing</b> came"),
    )
    report = ProofReport(gateway="gw-home-1", version="0.1.0", began_at=NOW, ended_at=NOW, checks=checks)
    body = msgspec.json.encode(report).decode()
    said = signed_bytes(PROOF_PATH, certificate.public_bytes(Encoding.DER), "" if forged else body, NOW.isoformat())
    community.run(
        "INSERT INTO prove_report "
        "(gateway_id, ended_at, stored_at, passed, body, said_at, signature, certificate, digest) "
        "VALUES ('gw-home-1', %s, %s, %s, %s, %s, %s, %s, %s)",
        NOW, NOW, passed, body, NOW.isoformat(), _KEY.sign(said, ECDSA(SHA256())),
        certificate.public_bytes(Encoding.PEM).decode(), body.encode()[:32] + bytes([passed, forged]),
    )  # fmt: skip


def enrol(community: Community, begins_at: datetime, serial: str) -> None:
    community.run(
        "INSERT INTO gateway_certificate (serial, gateway_id, key_digest, begins_at, ends_at, facts) "
        "VALUES (%s, 'gw-home-1', '', %s, %s, '{\"version\": \"0.1.0\"}')",
        serial, begins_at, begins_at + timedelta(days=90, hours=2),
    )  # fmt: skip


def test_a_home_is_live_when_all_has_passed(site: Site, community: Community, certificate: x509.Certificate) -> None:
    enrol(community, NOW - timedelta(days=3, hours=1), "a1")
    with site.signed_in("desk") as desk:
        assert "Not proven yet" in words(desk.get("/homes/home-1/proof").text)
        keep(community, certificate, passed=False)
        shown = desk.get("/homes/home-1/proof").text
        assert "the home is not live yet" in words(shown)
        assert "&lt;b&gt;nothing" in shown
        assert "not live" in words(desk.get("/fleet").text)
        keep(community, certificate, passed=True)
        text = words(desk.get("/homes/home-1/proof").text)
        assert "The home is live since then." in text
        assert "signed by the gateway's key" in text
        assert "87 days" in words(desk.get("/fleet").text)
        assert "gw-home-1" not in desk.get("/fleet?show=not-live").text
        rows = list(csv.DictReader(io.StringIO(desk.get("/fleet.csv").text)))
        row = next(row for row in rows if row["gateway"] == "gw-home-1")
        assert (row["certificate_days"], row["proven_at"]) != ("", "")
        assert desk.get("/homes/home-404/proof").status_code == 404
        enrol(community, NOW + timedelta(minutes=1), "a2")
        assert "has to be proven again" in words(desk.get("/homes/home-1/proof").text)
    with site.visitor() as family:
        assert "The gateway was replaced since" in words(family.get(f"/e/{LINK}/proof").text)


def test_a_report_that_somebody_changed_says_so(
    site: Site, community: Community, certificate: x509.Certificate
) -> None:
    keep(community, certificate, passed=True, forged=True)
    with site.signed_in("desk") as desk:
        assert "its signature does not fit" in words(desk.get("/homes/home-1/proof").text)
