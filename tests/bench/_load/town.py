"""A town of communities with homes, nurses and desks, and its centre as it runs: each stage a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg

from cloud.db.migrate import migrate
from cloud.identity.store import token_hash
from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.local.postgres import EmbeddedPostgres
from cloud.web.entry.current import wall_now

ROOT = Path(__file__).parents[3]
STAGES = ("ingest", "detect", "visits", "alarms", "web")
HOMES_OF_COMMUNITY = 100
WITHIN_S = 60.0
_REGISTER = (
    "INSERT INTO region (code, name, level, latitude, longitude) VALUES ('t', 'town', 'province', 32.06, 118.78)",
    "INSERT INTO region (code, name, level, parent_id, latitude, longitude) SELECT 'c' || n, 'community ' || n, "
    "'community', (SELECT region_id FROM region WHERE code = 't'), 32.06 + n * 0.02, 118.78 "
    "FROM generate_series(1, %(communities)s) AS n ORDER BY n",
    "INSERT INTO home (code, region_id, address, latitude, longitude) SELECT 'h' || n, region_id, n || ' Long Street', "
    "latitude + mod(n, 10) * 0.001, longitude + mod(n / 10, 10) * 0.001 FROM generate_series(1, %(homes)s) AS n "
    "JOIN region ON region.code = 'c' || ((n - 1) / %(size)s + 1) ORDER BY n",
    "INSERT INTO elder (code, home_id, name, born_on) SELECT 'e' || home_id, home_id, 'Elder ' || home_id, "
    "'1941-03-04' FROM home ORDER BY home_id",
    "INSERT INTO gateway (gateway_id, home_id, online, heard_at) SELECT 'bench-' || (home_id - 1), home_id, "
    "true, now() FROM home ORDER BY home_id",
    "INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, 'bench', 'x' FROM gateway",
    "INSERT INTO wearer (device_id, elder_id) SELECT device_id, elder_id FROM device JOIN gateway USING (gateway_id) "
    "JOIN elder USING (home_id)",
    "INSERT INTO staff (login, name, role, region_id, password_hash, works_from, works_to) "
    "SELECT 'nurse' || n, 'Nurse ' || n, 'nurse', region_id, '-', '00:00', '23:59' "
    "FROM generate_series(1, %(nurses)s) AS n JOIN region ON code = 'c' || (mod(n, %(communities)s) + 1) ORDER BY n",
    "INSERT INTO staff (login, name, role, region_id, password_hash) SELECT 'desk' || n, 'Desk ' || n, 'desk', "
    "region_id, '-' FROM generate_series(1, %(desks)s) AS n JOIN region ON code = 'c' || (mod(n, %(communities)s) + 1) "
    "ORDER BY n",
    # a day's work that lies there when the day begins: two visits a nurse
    "INSERT INTO visit (elder_id, kind, wish, priority, asked_by, asked_at, promised_by) SELECT elder_id, 'request', "
    "'medicine', 'today', 'elder', now(), now() + INTERVAL '4 hours' FROM elder WHERE mod(elder_id, 4) = 0",
    "INSERT INTO session (token_hash, staff_id, began_at, seen_at, ends_at, second_factor) "
    "SELECT sha256(convert_to('token-' || login, 'UTF8')), staff_id, %(now)s, %(now)s, %(ends)s, false FROM staff",
)


@dataclass(frozen=True)
class Town:
    dsn: str
    broker: str
    address: str
    pids: dict[str, int]
    """Of all stages and the database."""


def register(dsn: str, nurses: int, desks: int, communities: int) -> None:
    """The token of whoever has a login is `token-LOGIN`."""
    assert token_hash("a").hex()[:6] == "ca9781", "sessions are known by another hash now"
    now = wall_now()
    values = {
        "nurses": nurses, "desks": desks, "communities": communities, "size": HOMES_OF_COMMUNITY,
        "homes": communities * HOMES_OF_COMMUNITY, "now": now, "ends": now + timedelta(hours=8),
    }  # fmt: skip
    with psycopg.connect(dsn) as conn:
        for statement in _REGISTER:
            conn.execute(statement.encode(), values)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")


@contextmanager
def running_town(folder: Path, nurses: int, desks: int, communities: int) -> Iterator[Town]:
    with ExitStack() as parts:
        postgres = parts.enter_context(EmbeddedPostgres(folder / "postgres"))
        broker = parts.enter_context(LocalBroker(folder / "broker", 0))
        migrate(postgres.dsn)
        register(postgres.dsn, nurses, desks, communities)
        port = free_port(0)
        config = folder / "cloud.toml"
        config.write_text(
            f'data = "{folder / "data"}"\n[web]\nport = {port}\n[routes]\nsearch_s = 1.0\n[detection]\nport = 0\n'
            f'limits = "{ROOT / "configs" / "limits.toml"}"\n[ingest]\nport = 0\n[alarms]\nport = 0\n',
            encoding="utf-8",
        )
        environment = os.environ | {"DOORSTEP_DSN": postgres.dsn, "DOORSTEP_BROKER": broker.url}
        processes = {stage: parts.enter_context(_running(stage, config, environment)) for stage in STAGES}
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + WITHIN_S
        while not _is_well(address):
            if time.monotonic() > deadline:
                raise TimeoutError("the centre did not come up")
            time.sleep(0.1)
        pids = {stage: process.pid for stage, process in processes.items()} | {"postgres": postgres.pid}
        yield Town(postgres.dsn, broker.url, address, pids)


@contextmanager
def _running(stage: str, config: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    command = [str(Path(sys.executable).parent / "doorstep-cloud"), stage, "--config", str(config)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(WITHIN_S)


def _is_well(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
