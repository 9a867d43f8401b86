"""From a claim to an identity and on to the next: a real enrolment over HTTPS, and all that must not work."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.db.pool import create_pool
from cloud.enrolment.api import create_app
from cloud.enrolment.files import Files
from cloud.enrolment.granting import Granting
from cloud.enrolment.telling import Telling
from cloud.enrolment.worker import addresses
from cloud.identity.authority.authority import create_authority, key_digest
from cloud.identity.claims.store import Connection
from cloud.identity.gateways import store as gateways
from cloud.releases.shelf import Shelf
from edge.identity.enrolment import enrol, wall_now
from edge.identity.errors import EnrolmentRefused, NoIdentity, NotTheCentre, WrongClock
from edge.identity.folder import IdentityFolder
from edge.identity.keeping import IdentityKeeper
from edge.identity.renewal import renew
from protocols.enrolment.code import parse_code
from protocols.enrolment.link import ClaimLink
from protocols.enrolment.messages import Certified, EnrolRequest
from tests.integration.trust_centre import TrustCentre

pytestmark = pytest.mark.integration


@pytest.fixture
def centre(database: str, tmp_path: Path) -> Iterator[TrustCentre]:
    made = TrustCentre(database, tmp_path / "centre")
    with made.enrolment():
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "identity"


def test_a_code_makes_a_machine_a_gateway_once(centre: TrustCentre, folder: Path, tmp_path: Path) -> None:
    code = centre.claim()
    enrolled = enrol(centre.server, code, folder, fingerprint=centre.authority.fingerprint)
    assert enrolled.settings.gateway == "gw-home-1"
    assert enrolled.settings.home == "home-1"
    assert enrolled.settings.broker == f"mqtts://localhost:{centre.config.trust.broker_port}"
    assert enrolled.fingerprint == centre.authority.fingerprint
    assert timedelta(days=89) < enrolled.expires_at - wall_now() <= timedelta(days=90)
    identity = IdentityFolder(folder).read()
    assert identity.gateway == "gw-home-1"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(EnrolmentRefused, match="used already"):
        enrol(centre.server, code, tmp_path / "another")


def test_the_command_enrols_by_code_or_by_link_and_configures(centre: TrustCentre, tmp_path: Path) -> None:
    config, identity = tmp_path / "edge.toml", tmp_path / "data" / "identity"
    config.write_text('gateway = "gw-old"  # of the machine before\ndata = "data"\n')
    code = centre.claim()
    by_code = _run_enrol(config, "--server", centre.server, "--code", code)
    assert by_code.returncode == 0, by_code.stderr
    written = config.read_text(encoding="utf-8")
    assert f'[broker]\nurl = "mqtts://localhost:{centre.config.trust.broker_port}"' in written
    assert 'gateway = "gw-home-1"  # of the machine before' in written
    again = _run_enrol(config, "--server", centre.server, "--code", code)
    assert (again.returncode, config.read_text(encoding="utf-8")) == (0, written), "the same code goes on here"
    assert IdentityFolder(identity).read().gateway == "gw-home-1"
    link = ClaimLink(centre.server, parse_code(centre.claim()), "0" * 64)
    forged = _run_enrol(config, "--link", str(link))
    assert (forged.returncode, "another authority" in forged.stderr) == (1, True)
    by_link = _run_enrol(config, "--link", str(link._replace(fingerprint=centre.authority.fingerprint)))
    assert by_link.returncode == 0, by_link.stderr
    assert _run_enrol(config, "--server", centre.server, "--code", "K7QM").returncode == 2
    assert _run_enrol(config, "--server", centre.server).returncode == 2


def _run_enrol(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", "enrol", "--config", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_who_lost_power_before_the_answer_goes_on_with_the_same_code(centre: TrustCentre, folder: Path) -> None:
    code, kept = centre.claim(), IdentityFolder(folder)
    kept.pending_key()
    key = (folder / "pending.key").read_bytes()
    enrol(centre.server, code, folder)
    for path in list(folder.iterdir()):
        path.unlink()
    (folder / "pending.key").write_bytes(key)
    assert enrol(centre.server, code, folder).settings.gateway == "gw-home-1"


def test_a_wrong_code_is_refused_and_ten_of_them_end_the_claim(centre: TrustCentre, folder: Path) -> None:
    right = parse_code(centre.claim())
    wrong = right._replace(secret=right.secret[:-1] + ("0" if right.secret[-1] != "0" else "1"))
    for _ in range(10):
        with pytest.raises(EnrolmentRefused, match="the code is wrong"):
            enrol(centre.server, str(wrong), folder)
    with pytest.raises(EnrolmentRefused, match="too often"):
        enrol(centre.server, str(right), folder)
    with pytest.raises(NoIdentity):
        IdentityFolder(folder).read()
    centre.until_refused("enrolment_wrong", 10)
    centre.until_refused("enrolment_attempts", 1)


def test_an_old_an_unknown_and_a_replaced_code_are_refused(centre: TrustCentre, folder: Path) -> None:
    with pytest.raises(EnrolmentRefused, match="has ended"):
        enrol(centre.server, centre.claim(at=datetime.now(UTC) - timedelta(hours=49)), folder)
    replaced = centre.claim()
    centre.claim()
    with pytest.raises(EnrolmentRefused, match="no such code"):
        enrol(centre.server, replaced, folder)


def test_a_wrong_clock_is_said_before_anything_is_sent(centre: TrustCentre, folder: Path) -> None:
    code = centre.claim()
    with pytest.raises(WrongClock, match="timedatectl"):
        enrol(centre.server, code, folder, now=lambda: wall_now() + timedelta(days=400))
    assert enrol(centre.server, code, folder).settings.gateway == "gw-home-1"


def test_another_authority_than_the_links_is_refused(centre: TrustCentre, folder: Path) -> None:
    with pytest.raises(NotTheCentre, match="another authority"):
        enrol(centre.server, centre.claim(), folder, fingerprint="0" * 64)
    assert not folder.exists()


def test_who_does_not_know_the_code_cannot_play_the_centre(database: str, tmp_path: Path, folder: Path) -> None:
    """Somebody on the line, with an authority of their own and all else that they can see."""

    class Forger(Granting):
        def enrol(self, connection: Connection, asked: EnrolRequest, now: datetime) -> Certified:  # noqa: ARG002
            request = x509.load_pem_x509_csr(asked.request.encode())
            key = request.public_key()
            certificate = self._authority.certify_gateway(key, "gw-home-1", "home-1", now)  # type: ignore[arg-type]  # ours is P-256
            answer = self._answer(certificate, "gw-home-1", "home-1", "Asia/Shanghai")
            return msgspec.structs.replace(answer, proof=asked.proof)

    forged = TrustCentre(database, tmp_path / "forger")
    forged.folder.prepare_servers(forged.authority, ["localhost"], datetime.now(UTC))
    granting = Forger(forged.authority, addresses(forged.config))
    with (
        create_pool(database, "forger") as pool,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        telling = Telling(forged.authority)
        files = Files(telling, Shelf(tmp_path))
        app = create_app(forged.authority, granting, telling, files, pool=pool, now=wall_now)
        settings = uvicorn.Config(
            app,
            ssl_keyfile=str(forged.folder.server_key),
            ssl_certfile=str(forged.folder.server_certificate),
            log_config=None,
            lifespan="off",
        )
        with _serving(uvicorn.Server(settings), listener), pytest.raises(NotTheCentre, match="does not know the code"):
            enrol(f"https://localhost:{listener.getsockname()[1]}", forged.claim(), folder)
    with pytest.raises(NoIdentity):
        IdentityFolder(folder).read()


@contextlib.contextmanager
def _serving(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)


def test_a_present_certificate_gets_the_next(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    kept = IdentityFolder(folder)
    before = kept.read()
    after = renew(kept)
    assert after.gateway == before.gateway
    assert after.certificate.serial_number != before.certificate.serial_number
    assert after.key.public_key() != before.key.public_key()


def test_a_revoked_certificate_gets_none_also_after_a_restored_database(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    serial = IdentityFolder(folder).read().certificate.serial_number
    with centre.connection() as connection:
        assert gateways.revoke(connection, "gw-home-1", wall_now(), "stolen") == 1
    with pytest.raises(EnrolmentRefused, match="revoked"):
        renew(IdentityFolder(folder))
    centre.until_listed(serial)
    with centre.connection() as connection:  # the back-up is older than the certificate
        connection.execute("DELETE FROM gateway_certificate")
    with pytest.raises(EnrolmentRefused, match="revoked"):
        renew(IdentityFolder(folder))
    enrol(centre.server, centre.claim(), folder)  # a new claim lets it in again
    renew(IdentityFolder(folder))


def test_a_certificate_that_a_restored_database_does_not_know_is_renewed(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    with centre.connection() as connection:
        connection.execute("DELETE FROM gateway_certificate")
    assert renew(IdentityFolder(folder)).gateway == "gw-home-1"


def test_an_expired_certificate_gets_none(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    kept = IdentityFolder(folder)
    present = kept.read()
    begun = wall_now() - timedelta(days=91)
    old = centre.authority.certify_gateway(present.key.public_key(), "gw-home-1", "home-1", begun)
    kept.keep(present.key, old.public_bytes(Encoding.PEM).decode(), kept.authority.read_text(), present.settings)
    with pytest.raises(EnrolmentRefused, match="expired"):
        renew(kept)


def test_a_gateway_that_lay_in_a_drawer_for_a_year_comes_back_by_a_claim(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    kept = IdentityFolder(folder)
    present = kept.read()
    begun = wall_now() - timedelta(days=365)
    old = centre.authority.certify_gateway(present.key.public_key(), "gw-home-1", "home-1", begun)
    kept.keep(present.key, old.public_bytes(Encoding.PEM).decode(), kept.authority.read_text(), present.settings)
    keeper = IdentityKeeper(folder, "gw-home-1")
    assert "ask the centre for a code" in (keeper.problem() or "")
    enrol(centre.server, centre.claim(), folder)
    assert keeper.look()  # the running gateway takes it up by itself
    assert keeper.problem() is None
    assert keeper.identity.certificate.not_valid_after_utc > wall_now() + timedelta(days=89)
    assert renew(kept).gateway == "gw-home-1"


def test_another_authoritys_certificate_renews_nothing(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    kept = IdentityFolder(folder)
    present, other = kept.read(), create_authority(wall_now())
    foreign = other.certify_gateway(present.key.public_key(), "gw-home-1", "home-1", wall_now())
    kept.keep(
        present.key,
        foreign.public_bytes(Encoding.PEM).decode(),
        kept.authority.read_text(),
        present.settings,
    )
    with pytest.raises(EnrolmentRefused, match="not from here"):
        renew(kept)


def test_enrolling_anew_ends_the_certificate_of_the_machine_before(
    centre: TrustCentre, folder: Path, tmp_path: Path
) -> None:
    enrol(centre.server, centre.claim(), folder)
    enrol(centre.server, centre.claim(), tmp_path / "new-machine")
    with pytest.raises(EnrolmentRefused, match="revoked"):
        renew(IdentityFolder(folder))
    renew(IdentityFolder(tmp_path / "new-machine"))


def test_a_running_gateway_renews_from_the_30th_day(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    kept = IdentityFolder(folder)
    present = kept.read()
    fresh = IdentityKeeper(folder, "gw-home-1")
    assert fresh.look()
    assert fresh.identity.certificate == present.certificate
    begun = wall_now() - timedelta(days=31)
    old = centre.authority.certify_gateway(present.key.public_key(), "gw-home-1", "home-1", begun)
    with centre.connection() as connection:
        gateways.record(
            connection,
            serial=old.serial_number,
            gateway="gw-home-1",
            key_digest=key_digest(present.key.public_key()),
            begins_at=old.not_valid_before_utc,
            ends_at=old.not_valid_after_utc,
            facts={},
        )
    kept.keep(present.key, old.public_bytes(Encoding.PEM).decode(), kept.authority.read_text(), present.settings)
    keeper = IdentityKeeper(folder, "gw-home-1")
    assert keeper.look()
    assert keeper.problem() is None
    assert keeper.identity.certificate.not_valid_after_utc - wall_now() > timedelta(days=89)


def test_a_gateway_says_what_is_wrong_with_its_certificate(centre: TrustCentre, folder: Path) -> None:
    enrol(centre.server, centre.claim(), folder)
    with pytest.raises(NoIdentity, match="gw-home-1's"):
        IdentityKeeper(folder, "gw-home-2")
    fast = IdentityKeeper(folder, "gw-home-1", now=lambda: wall_now() + timedelta(days=31))
    assert not fast.look()
    assert "set the gateway's clock" in str(fast.problem())
    drawer = IdentityKeeper(folder, "gw-home-1", now=lambda: wall_now() + timedelta(days=365))
    assert "run `doorstep-edge enrol`" in str(drawer.problem())


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{}", 422), (b"[" * 60_000, 422), (b"x" * 70_000, 413), (b'{"locator":"AAAA"}', 422), (b"\xff", 422)],
)
def test_what_is_no_request_is_refused(centre: TrustCentre, body: bytes, code: int) -> None:
    context = ssl.create_default_context(cadata=centre.authority.pem)
    head = f"POST /api/v1/enrol HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection(("localhost", centre.config.trust.enrol_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.sendall(head.encode() + body)
        assert f" {code} ".encode() in line.recv(64)
