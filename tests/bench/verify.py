"""What `doorstep-cloud verify` costs as the table grows: seconds, and its memory.

Homes of 5,000 readings each, in messages of 20 with their running hashes. The command itself is measured, as a child.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from cloud.db.migrate import migrate
from cloud.local.postgres import EmbeddedPostgres
from cloud.readings.chain import store
from protocols.telemetry.chain import first_link, next_link
from tests.bench._machine import machine
from tests.bench.read import _database

SIZES = (100_000, 1_000_000, 10_000_000)
OF_HOME, OF_MESSAGE = 5_000, 20
_BLOCK = 100
_NUMBERS = "generate_series(%(a)s::integer, %(b)s::integer)"
_REGISTER = (
    "INSERT INTO region (code, name, level) VALUES ('1', 'R', 'street') ON CONFLICT DO NOTHING",
    f"INSERT INTO home (code, region_id, address) SELECT 'home-' || n, 1, '' FROM {_NUMBERS} n",
    f"INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-' || n, home_id FROM {_NUMBERS} n "
    "JOIN home ON code = 'home-' || n",
    f"INSERT INTO device (gateway_id, name, kind) SELECT 'gw-' || n, 'ble:C0:FF:EE:00:01:02', 'x' FROM {_NUMBERS} n",
    "INSERT INTO outbox_stream (gateway_id, epoch, stored, readings) "
    f"SELECT 'gw-' || n, 1, int8multirange(int8range(1, %(of)s + 1)), %(of)s FROM {_NUMBERS} n",
    # in order of time, so that a home's rows lie scattered, as ingest leaves them
    "INSERT INTO reading (device_id, metric, record_key, measured_at, value, received_at, stored_at, gateway_id, "
    "epoch, outbox_number) SELECT device_id, 'pulse', n, at, 60 + n %% 40, at, at, gateway_id, 1, n "
    "FROM generate_series(1, %(of)s::integer) n, "
    "LATERAL (SELECT TIMESTAMPTZ '2026-01-01Z' + n * INTERVAL '50 min' AS at) t, "
    "device WHERE device_id BETWEEN %(a)s AND %(b)s ORDER BY n",
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench verify", description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help=f"a size of the table (default {SIZES})")
    parser.add_argument("--dsn", help="a server on which a database may be made; default: the embedded one")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as name, ExitStack() as parts:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        server = options.dsn or parts.enter_context(EmbeddedPostgres(folder / "postgres")).dsn
        dsn = parts.enter_context(_database(server))
        figures: dict[str, Any] = {"machine": machine(), "timescale": migrate(dsn).timescale}
        homes = 0
        for size in sorted(options.rows or SIZES):
            after = size // OF_HOME
            _fill(dsn, homes + 1, after)
            homes = after
            figures[f"rows_{size}"] = _verify(dsn, folder)
            print(json.dumps(figures[f"rows_{size}"]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _fill(dsn: str, first: int, last: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for begin in range(first, last + 1, _BLOCK):
            values = {"a": begin, "b": min(begin + _BLOCK - 1, last), "of": OF_HOME}
            for statement in _REGISTER:
                connection.execute(statement.encode(), values)
        connection.execute("ANALYZE")
    gateways = [f"gw-{number}" for number in range(first, last + 1)]
    with (
        psycopg.connect(dsn) as reading,
        psycopg.connect(dsn) as writing,
        writing.cursor().copy("COPY chain_head (gateway_id, epoch, number, link, told_at) FROM STDIN") as copy,
    ):
        for head in _heads(reading, gateways):
            copy.write_row(head)


def _heads(connection: psycopg.Connection[Any], gateways: list[str]) -> Iterator[tuple[str, int, int, bytes, datetime]]:
    """What came with the messages, made of the rows."""
    told, link = datetime.now(UTC), b""
    found = ((outbox, piece) for outbox, block in store.blocks(connection, gateways) for piece in block.pieces())
    for (gateway, epoch), piece in found:
        if piece.number == 1:
            link = first_link(epoch)
            yield gateway, epoch, 0, link, told
        link = next_link(link, piece.row or b"")
        if piece.number % OF_MESSAGE == 0:
            yield gateway, epoch, piece.number, link, told


def _verify(dsn: str, folder: Path) -> dict[str, Any]:
    config = folder / "cloud.toml"
    config.write_text(f'data = "{folder / "data"}"\n', encoding="utf-8")
    command = [sys.executable, "-c", "from cloud.cli import main; main()", "verify", "--json", "--config", str(config)]
    out = folder / "found.json"
    began = time.perf_counter()
    with out.open("wb") as stdout:
        child = subprocess.Popen(command, stdout=stdout, env=os.environ | {"DOORSTEP_DSN": dsn})
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    found = json.loads(out.read_text(encoding="utf-8"))
    return {
        "whole": found["whole"],
        "outboxes": len(found["outboxes"]),
        "proven": sum(one["proven"] for one in found["outboxes"]),
        "seconds": round(seconds, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "rss_mb": round(usage.ru_maxrss / 1024, 1),
    }
