"""An older copy of the database is put back under a running home: everything is stored again, nothing doubled."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from cloud.cli import app
from cloud.config import Broker as CentreBroker
from cloud.config import CloudConfig, Database
from cloud.db.backup import back_up
from cloud.db.restore import restore
from cloud.local.broker import LocalBroker
from cloud.mqtt import Subscriber
from cloud.readings.worker import work
from edge.broker_section import Broker
from edge.config import EdgeConfig, Receipts, load
from edge.config import Uplink as UplinkSettings
from protocols.telemetry import topics
from protocols.telemetry.messages import Receipt, encode
from tests.edge.conftest import CONFIG
from tests.integration.stage import running
from tests.integration.test_edge_uplink import Running, create_readings, wait_until
from tests.integration.test_ingest_store import one, populate

pytestmark = pytest.mark.integration


@pytest.fixture
def centre(tmp_path: Path, database: str, broker: LocalBroker) -> CloudConfig:
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
    folder = tmp_path / "centre"
    return CloudConfig(data=str(folder), database=Database(dsn=database), broker=CentreBroker(url=broker.url))


@pytest.fixture
def home(tmp_path: Path, broker: LocalBroker) -> EdgeConfig:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG.replace("gw-test", "gw-1"), encoding="utf-8")
    settings = UplinkSettings(batch_readings=10, linger_ms=20, resend_s=0.5, status_s=0.5)
    return msgspec.structs.replace(load(path), broker=Broker(url=broker.url), uplink=settings)


@pytest.fixture
def gateway(home: EdgeConfig, tmp_path: Path) -> Iterator[Running]:
    gateway = Running(home, tmp_path)
    yield gateway
    gateway.stop()


def look(dsn: str, folder: Path, *options: str) -> tuple[int, str]:
    config = folder / "cloud.toml"
    config.write_text(f'[database]\ndsn = "{dsn}"\n', encoding="utf-8")
    done = CliRunner().invoke(app, ["verify", "--config", str(config), *options])
    return done.exit_code, done.output


def count(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        return int(one(connection, "SELECT count(*) FROM reading"))


def test_a_home_sends_again_what_the_older_copy_lacks(
    centre: CloudConfig, gateway: Running, bare_database: str, tmp_path: Path
) -> None:
    with running(work, centre, "ingest"):
        gateway.put(create_readings(0, 35))
        gateway.until_empty()
        back_up(centre.database.dsn, tmp_path / "backup")
        gateway.put(create_readings(100, 40))
        gateway.until_empty()
        assert (gateway.outbox.kept(), count(centre.database.dsn)) == (75, 75)
    restore(bare_database, tmp_path / "backup")
    assert count(bare_database) == 35
    restored = msgspec.structs.replace(centre, database=Database(dsn=bare_database))
    with running(work, restored, "ingest again"):  # nothing new is measured: the heartbeat alone brings it about
        wait_until(lambda: count(bare_database) == 75, "not sent again")
        gateway.until_empty()
        gateway.put(create_readings(500, 5))
        gateway.until_empty()
    with psycopg.connect(bare_database) as connection:
        assert one(connection, "SELECT count(DISTINCT outbox_number) FROM reading") == 80
    assert count(bare_database) == 80
    code, text = look(bare_database, tmp_path, "--home", "home-1")
    assert code == 0, text
    assert "80 rows, 80 proven by the running hash" in text
    assert text.endswith("whole: nothing is missing and nothing was changed in 1 outboxes\n")


def test_a_row_taken_out_by_hand_is_pointed_at(centre: CloudConfig, gateway: Running, tmp_path: Path) -> None:
    dsn = centre.database.dsn
    with running(work, centre, "ingest"):
        gateway.put(create_readings(0, 35))
        gateway.until_empty()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM reading WHERE outbox_number = 17")
    code, text = look(dsn, tmp_path, "--home", "home-1")
    assert code == 1
    assert "! missing: a receipt was given for number 17, and nothing of it is here" in text
    assert "after 16 (ble:C0:FF:EE:00:00:01 glucose, 2026-03-01 00:00:15Z)" in text
    assert "before 18 (ble:C0:FF:EE:00:00:01 glucose, 2026-03-01 00:00:17Z)" in text
    code, text = look(dsn, tmp_path, "--json")
    (outbox,) = json.loads(text)["outboxes"]
    assert code == 1
    fields: dict[str, Any] = {"kind": "missing", "first": 17, "last": 17}
    assert {key: outbox["faults"][0][key] for key in fields} == fields
    code, text = look(dsn, tmp_path, "--home", "nowhere")
    assert code == 1
    assert "there is no home nowhere" in text


def test_a_receipt_with_a_foreign_signature_empties_nothing(
    centre: CloudConfig, home: EdgeConfig, broker: LocalBroker, tmp_path: Path
) -> None:
    asked = [sys.executable, "-m", "cloud.cli", "receipt-key", "--config", str(_config_of(centre, tmp_path))]
    none = subprocess.run(asked, capture_output=True, check=False, timeout=60, text=True)
    assert (none.returncode, "receipt-key.pem is not there" in none.stderr) == (1, True)
    key, again = (
        subprocess.run([*asked, *more], capture_output=True, check=True, timeout=60, text=True).stdout
        for more in (["--make"], [])
    )
    assert key == again
    pinned = msgspec.structs.replace(home, receipts=Receipts(public_key=key.strip()))
    gateway = Running(pinned, tmp_path)
    gateway.put(create_readings(0, 5))
    box = gateway.outbox
    with Subscriber(broker.url, "liar") as line:
        assert line.wait_connected(20)
        line.publish(topics.topic("gw-1", topics.RECEIPT), encode(Receipt(epoch=box.epoch, through=5, store=2**62)))
        wait_until(lambda: gateway.uplink.problem() is not None, "not refused")
    assert box.backlog().rows == 5
    with running(work, centre, "ingest"):
        gateway.until_empty()
    assert "1 receipts were refused" in (gateway.uplink.problem() or "")
    gateway.stop()


def _config_of(centre: CloudConfig, folder: Path) -> Path:
    path = folder / "centre.toml"
    path.write_text(f'data = "{centre.data}"\n', encoding="utf-8")
    return path


def test_a_copy_that_another_tool_put_back(database: str, tmp_path: Path) -> None:
    with psycopg.connect(make_conninfo(database), autocommit=True) as connection:
        before = one(connection, "SELECT generation FROM store_generation")
        config = tmp_path / "cloud.toml"
        config.write_text(f'[database]\ndsn = "{database}"\n', encoding="utf-8")
        assert CliRunner().invoke(app, ["restored", "--config", str(config)]).exit_code == 0
        assert one(connection, "SELECT generation FROM store_generation") > before
