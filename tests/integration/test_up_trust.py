"""A whole centre with gateways that enrol: `up`, `claim`, an enrolment, a running `doorstep-edge`, and `ca revoke`."""

import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from cloud.local.ports import free_port
from edge.identity.enrolment import Enrolled, enrol

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
WITHIN_S = 90.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Configurations of a centre and of a gateway. Not pytest's: the embedded server's own user may not enter that."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-trust-"))
    shutil.copy(ROOT / "configs" / "limits.toml", folder)
    (folder / "cloud.toml").write_text(
        f"""
data = "{folder / "data"}"
[web]
port = {free_port(0)}
certificate = "authority/server.pem"
certificate_key = "authority/server.key"
[trust]
names = ["localhost"]
host = "127.0.0.1"
broker_port = {free_port(0)}
enrol_port = {free_port(0)}
""",
        encoding="utf-8",
    )
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(log: Path, module: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", module, *words], stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(WITHIN_S)


def told(folder: Path, *words: str) -> str:
    """What a command of the centre prints."""
    command = [sys.executable, "-m", "cloud.cli", *words, "--config", str(folder / "cloud.toml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=True).stdout


def until(condition: Callable[[], bool], log: Path, within_s: float = WITHIN_S) -> float:
    """The seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, log.read_text(encoding="utf-8")
        time.sleep(0.05)
    return time.monotonic() - began


def write_edge(folder: Path, enrolled: Enrolled) -> Path:
    path = folder / "edge.toml"
    path.write_text(
        f"""
gateway = "{enrolled.settings.gateway}"
time_zone = "{enrolled.settings.time_zone}"
data = "gateway"
[broker]
url = "{enrolled.settings.broker}"
[receipts]
public_key = "{enrolled.settings.receipt_key}"
[health]
port = 0
""",
        encoding="utf-8",
    )
    return path


def test_a_gateway_enrols_comes_on_line_and_is_out_within_a_minute_of_its_revocation(folder: Path) -> None:
    up_log, edge_log, run_file = folder / "up.log", folder / "edge.log", folder / "data" / "run" / "cloud.json"
    seed = ("--seed", str(ROOT / "configs" / "community.toml"))
    with running(up_log, "cloud.cli", "up", "--config", str(folder / "cloud.toml"), *seed):
        until(run_file.exists, up_log)
        run = json.loads(run_file.read_text(encoding="utf-8"))
        dsn, authority = run["dsn"], folder / "data" / "authority" / "authority.pem"
        assert run["web"].startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=authority)
        with urllib.request.urlopen(run["web"] + "/login", timeout=10, context=context) as page:  # noqa: S310 - https
            assert page.status == 200
        claim = json.loads(told(folder, "claim", "gw-home-1", "--json"))
        identity = folder / "gateway" / "identity"
        enrolled = enrol(claim["server"], claim["code"], identity, fingerprint=claim["fingerprint"])
        edge_config = write_edge(folder, enrolled)
        with psycopg.connect(dsn, autocommit=True) as connection:

            def online() -> bool:
                row = connection.execute("SELECT online FROM gateway WHERE gateway_id = 'gw-home-1'").fetchone()
                return row is not None and bool(row[0])

            with running(edge_log, "edge", "run", "--config", str(edge_config)):
                until(online, edge_log)
                told(folder, "ca", "revoke", "gw-home-1", "--why", "stolen")
                took_s = until(lambda: "broker_lost" in edge_log.read_text(encoding="utf-8"), up_log, 60)
                until(lambda: "broker_hangs_up" in edge_log.read_text(encoding="utf-8"), up_log)
                assert took_s < 60
        (row,) = json.loads(told(folder, "ca", "show", "--json"))["certificates"]
        assert (row["gateway"], row["revoked_why"]) == ("gw-home-1", "stolen")
