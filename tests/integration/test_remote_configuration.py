"""A configuration goes from the centre's table by a real broker into a gateway that runs, and back where it harms."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.db.pool import create_pool
from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.mqtt import Subscriber
from cloud.registry.model import Level, Region
from cloud.registry.new_home.store import make_home
from cloud.registry.store import upsert_region
from cloud.remote import store
from cloud.remote.model import changed
from cloud.remote.telling import Teller
from edge.remote.kept import read_kept
from protocols.remote.wanted import Wanted
from protocols.telemetry.messages import StatusMessage
from tests.edge.conftest import CONFIG
from tests.integration.edge_centre import PATIENCE_S, FakeCentre
from tests.integration.test_edge_uplink import wait_until

pytestmark = [pytest.mark.integration]


class Centre:
    """Its table, its teller, and what it hears of gw-test."""

    def __init__(self, dsn: str, broker: LocalBroker) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.heard = FakeCentre(broker.port)
        self.dsn = dsn
        self._url = broker.url
        with psycopg.connect(dsn, autocommit=True) as connection:
            upsert_region(connection, Region(code="c-1", name="Ferry Road", level=Level.COMMUNITY))
            make_home(connection, community="c-1", address="3 Ferry Road", code="test")

    def set(self, *changes: str) -> int:
        """Makes the next version and gives it to the broker."""
        now = datetime.now(UTC)
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            before = store.newest(connection, "gw-test")
            wanted = changed(Wanted() if before is None else before.wanted, changes)
            made = store.add_version(connection, "gw-test", wanted, before.version if before else 0, now)
        assert made is not None
        assert self.tell() == 1
        return made.version

    def tell(self) -> int:
        with create_pool(self.dsn, "teller") as pool, Subscriber(self._url, "teller") as broker:
            assert broker.wait_connected(PATIENCE_S)
            return Teller(pool, self._url, self.key, lambda: datetime.now(UTC)).look(broker)

    def until(self, version: int, refused: int = 0) -> StatusMessage:
        """The first heartbeat with this in force and that refused."""

        def fits(status: StatusMessage) -> bool:
            found = 0 if status.config_refused is None else status.config_refused.version
            return status.online and (status.config_version, found) == (version, refused)

        return self.heard.until_status(fits)


class Gateway:
    """The process of gw-test, as systemd would start it."""

    def __init__(self, folder: Path, broker: LocalBroker, centre: Centre) -> None:
        self.path = folder / "edge.toml"
        self.data = folder / "data"
        self.path.write_text(
            f"""{CONFIG.split("[[device]]", maxsplit=1)[0]}
            [broker]
            url = "{broker.url}"
            [receipts]
            public_key = "{centre.key.public_key().public_bytes_raw().hex()}"
            [uplink]
            status_s = 0.5
            [remote]
            link_within_s = 2
            steady_s = 0.3
            """,
            encoding="utf-8",
        )
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge.processes", "run", str(self.path)],
            env={name: value for name, value in os.environ.items() if name != "DOORSTEP_BROKER"},
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def until_kept(self, version: int) -> None:
        def kept() -> bool:
            found = read_kept(self.data)
            return found.trial is None and found.working is not None and found.working.version == version

        wait_until(kept, f"version {version} is not kept")


@pytest.fixture
def centre(database: str, broker: LocalBroker) -> Iterator[Centre]:
    centre = Centre(database, broker)
    yield centre
    centre.heard.close()


@pytest.fixture
def gateway(tmp_path: Path, broker: LocalBroker, centre: Centre) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path, broker, centre)
    yield gateway
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(PATIENCE_S) == 0


def test_taken_once_taken_back_where_it_costs_the_link_and_whole_after_a_kill(centre: Centre, gateway: Gateway) -> None:
    centre.until(0)
    pid = gateway.process.pid
    assert centre.set("uplink.status_s=0.4", "alarm.long_stay_min=20") == 1
    first = centre.until(1)
    gateway.until_kept(1)

    with psycopg.connect(centre.dsn, autocommit=True) as connection:
        version = store.newest(connection, "gw-test")
        assert version is not None
        connection.execute("UPDATE gateway_configuration SET told_at = NULL")
    assert centre.tell() == 1
    same = centre.heard.until_status(lambda status: status.sequence > first.sequence + 3)
    assert same.session == first.session  # told again, it did not begin anew

    assert centre.set(f"broker.url=mqtt://127.0.0.1:{free_port(0)}") == 2
    back = centre.until(1, refused=2)
    assert back.config_refused is not None
    assert "no link to the centre" in back.config_refused.why
    assert gateway.process.pid == pid
    assert gateway.process.poll() is None

    assert centre.set("broker.url=", "uplink.status_s=0.3") == 3
    wait_until(lambda: read_kept(gateway.data).trial is not None, "version 3 does not arrive")
    gateway.kill()
    gateway.start()
    centre.until(3)
    gateway.until_kept(3)


def test_what_the_broker_lost_is_told_again(centre: Centre, database: str) -> None:
    centre.set("uplink.status_s=2")
    assert centre.tell() == 0
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE gateway SET online = true")
        later = datetime.now(UTC) + timedelta(seconds=store.AGAIN_AFTER_S + 1)
        assert [version.version for version in store.to_tell(connection, later)] == [1]
        connection.execute("""UPDATE gateway SET status = '{"config_version": 1}'""")
        assert store.to_tell(connection, later) == []
        connection.execute("""UPDATE gateway SET status = '{"config_refused": {"version": 1, "why": "x"}}'""")
        assert store.to_tell(connection, later) == []
        assert store.standing(connection, "gw-test").why == "x"


def test_two_who_change_at_once_do_not_undo_each_other(centre: Centre, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        now = datetime.now(UTC)
        assert store.add_version(connection, "gw-test", Wanted(), 0, now) is not None
        assert store.add_version(connection, "gw-test", Wanted(), 0, now) is None
