"""A release goes from the shelf of a real centre by HTTPS into a gateway that runs, and out again where it fails."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.readings.worker import work as ingest
from cloud.releases.shelf import Shelf
from cloud.remote import store
from cloud.remote.model import changed
from edge.errors import Temporary
from edge.identity.enrolment import enrol
from edge.identity.folder import IdentityFolder
from edge.updates.fetching import Fetching, ReleaseUnusable
from edge.updates.state import is_complete, read_releases
from protocols.remote.wanted import Wanted
from tests.integration.edge_centre import PATIENCE_S
from tests.integration.release_wheels import create_release
from tests.integration.stage import running
from tests.integration.test_edge_uplink import wait_until
from tests.integration.trust_centre import TrustCentre

pytestmark = [pytest.mark.integration]

GATEWAY = "gw-home-1"
SLOWLY_S = 90.0
"""A release is installed on a machine that has much else to do."""
ENDS_AT_ONCE = {"edge/gateway.py": "import sys\nif sys.argv[1] == 'run':\n    sys.exit(3)\nclass Gateway: ...\n"}


class Home:
    """An enrolled gateway under something that starts it again, as systemd does."""

    def __init__(self, folder: Path, centre: TrustCentre, release_key: Ed25519PrivateKey) -> None:
        self.data = folder / "gateway"
        enrolled = enrol(centre.server, centre.claim(GATEWAY), self.data / "identity")
        told = enrolled.settings
        self.path = folder / "edge.toml"
        self.path.write_text(
            f"""
            gateway = "{told.gateway}"
            data = "gateway"
            [broker]
            url = "{told.broker}"
            [receipts]
            public_key = "{told.receipt_key}"
            [uplink]
            status_s = 0.5
            [remote]
            steady_s = 0
            [updates]
            release_key = "{release_key.public_key().public_bytes_raw().hex()}"
            """,
            encoding="utf-8",
        )
        self._stopping = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "edge.updates.launch", str(self.path)]
        outside = {"DOORSTEP_BROKER", "PYTHONPATH"}
        return subprocess.Popen(command, env={key: told for key, told in os.environ.items() if key not in outside})

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._process.wait()
            if not self._stopping.wait(0.1):
                self._process = self._start()

    def kill(self) -> None:
        self._process.kill()

    def stop(self) -> None:
        self._stopping.set()
        self._process.terminate()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def release_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def centre(database: str, tmp_path: Path) -> Iterator[TrustCentre]:
    port = free_port(0)
    centre = TrustCentre(database, tmp_path / "centre", f"mqtt://127.0.0.1:{port}")
    with ExitStack() as parts:
        parts.enter_context(LocalBroker(tmp_path / "broker", port, centre.listener()))
        parts.enter_context(centre.enrolment())
        yield centre


def wants(centre: TrustCentre, release: str) -> None:
    with centre.connection() as connection:
        before = store.newest(connection, GATEWAY)
        wanted = changed(Wanted() if before is None else before.wanted, [f"updates.release={release}"])
        assert store.add_version(connection, GATEWAY, wanted, before.version if before else 0, datetime.now(UTC))


def said(centre: TrustCentre) -> tuple[str, str]:
    """Version and problem, as the gateway's last heartbeat had them."""
    with centre.connection() as connection:
        row = connection.execute(
            "SELECT coalesce(status ->> 'version', ''), coalesce(status ->> 'reason', '') FROM gateway "
            "WHERE gateway_id = %s",
            (GATEWAY,),
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_a_release_runs_once_it_was_proven_and_one_that_does_not_start_is_left(
    centre: TrustCentre, tmp_path: Path, release_key: Ed25519PrivateKey
) -> None:
    shelf = Shelf(Path(centre.config.data))
    shelf.put(create_release(tmp_path / "good", "7.1", release_key))
    shelf.put(create_release(tmp_path / "broken", "7.2", release_key, ENDS_AT_ONCE))
    with running(ingest, centre.config, "ingest"):
        home = Home(tmp_path, centre, release_key)
        try:
            wants(centre, "7.1")
            wait_until(lambda: said(centre)[0] == "7.1", "it does not run", SLOWLY_S)
            wait_until(lambda: not read_releases(home.data).trial, "it is not proven", SLOWLY_S)
            home.kill()
            wants(centre, "7.2")
            wait_until(lambda: read_releases(home.data).current == "7.2", "it is not tried", SLOWLY_S)
            wait_until(lambda: "did not stay up" in said(centre)[1], "it is not left", SLOWLY_S)
            assert said(centre)[0] == "7.1"
            assert read_releases(home.data).current == "7.1"
        finally:
            home.stop()


def test_what_is_not_signed_by_the_one_key_is_not_kept(
    centre: TrustCentre, tmp_path: Path, release_key: Ed25519PrivateKey
) -> None:
    shelf = Shelf(Path(centre.config.data))
    enrol(centre.server, centre.claim(GATEWAY), tmp_path / "identity")
    fetching = Fetching(
        IdentityFolder(tmp_path / "identity").read(),
        release_key.public_key().public_bytes_raw(),
        lambda: True,
    )
    into = tmp_path / "wheels"

    def fetch(version: str) -> list[str]:
        return [wheel.file for wheel in fetching.fetch(version, into, (3, 11), "x86_64")]

    shelf.put(create_release(tmp_path / "good", "7.1", release_key))
    shelf.put(create_release(tmp_path / "foreign", "7.2", Ed25519PrivateKey.generate()))
    assert fetch("7.1") == ["doorstep-7.1-py3-none-any.whl"]
    with pytest.raises(ReleaseUnusable, match="not signed"):
        fetch("7.2")
    with pytest.raises(Temporary, match=r"no release\.json of release 7\.9"):
        fetch("7.9")

    (wheel,) = into.iterdir()
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:-1])  # power was lost in the midst of it
    fetch("7.1")
    assert wheel.read_bytes() == whole
    wheel.unlink()
    on_shelf = shelf.folder / "7.1" / wheel.name
    for tampered in (whole[:-1] + b"x", whole + b"x"):
        on_shelf.write_bytes(tampered)
        with pytest.raises(ReleaseUnusable, match="what was signed"):
            fetch("7.1")
        assert list(into.iterdir()) == []
    assert not is_complete(tmp_path, "7.1")


def test_only_a_gateway_whose_certificate_lives_is_given_a_release(
    centre: TrustCentre, tmp_path: Path, release_key: Ed25519PrivateKey
) -> None:
    Shelf(Path(centre.config.data)).put(create_release(tmp_path / "good", "7.1", release_key))
    enrol(centre.server, centre.claim(GATEWAY), tmp_path / "identity")
    identity = IdentityFolder(tmp_path / "identity").read()
    enrol(centre.server, centre.claim(GATEWAY), tmp_path / "other")  # a new machine ends the one before
    fetching = Fetching(identity, release_key.public_key().public_bytes_raw(), lambda: True)
    with pytest.raises(Temporary, match="revoked"):
        fetching.fetch("7.1", tmp_path / "wheels", (3, 11), "x86_64")
