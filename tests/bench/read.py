"""Reading it back: an elder's page and the board over a table of 0.1, 1 and 10 million readings.

Each size is filled by COPY onto the one before, in order of time, so that an elder's rows lie scattered as ingest
leaves them. Data are what the database is asked for a page, over a connection like the pages' own; pages are whole
answers of the real web process, session, drawing and compression included. Times are milliseconds.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from cloud.db.migrate import migrate
from cloud.db.pool import AsyncConnection, create_async_pool
from cloud.local.postgres import EmbeddedPostgres
from cloud.web.board import store as board_store
from cloud.web.evidence import store as evidence_store
from cloud.web.record.view import read_record
from cloud.web.unsure.store import count_open
from protocols.reading import Metric
from tests.bench._history import END, HOMES_OF_COMMUNITY, PASSWORD, ROWS_OF_HOME, fill, register
from tests.bench._machine import machine
from tests.cloud.web.running import running_site

SIZES = (100_000, 1_000_000, 10_000_000)
DAYS = 90
WARM = 20


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench read", description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help=f"a size of the table (default {SIZES})")
    parser.add_argument("--times", type=int, default=300, help="how often each is measured (default 300)")
    parser.add_argument("--dsn", help="a server on which a database may be made; default: the embedded one")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    sizes = sorted(options.rows or SIZES)
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as name, ExitStack() as parts:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        server = options.dsn or parts.enter_context(EmbeddedPostgres(folder / "postgres")).dsn
        dsn = parts.enter_context(_database(server))
        timescale = migrate(dsn).timescale
        figures: dict[str, Any] = {"machine": machine(), "timescale": timescale, "days": DAYS, "sizes": []}
        register(dsn, max(1, round(sizes[-1] / ROWS_OF_HOME)))
        homes = rows = 0
        for size in sizes:
            after = max(1, round(size / ROWS_OF_HOME))
            began = time.perf_counter()
            rows += fill(dsn, homes, after)
            filled_s, homes = time.perf_counter() - began, after
            if timescale:
                _refresh(dsn)
            read = _measure(dsn, folder, homes, options.times)
            figures["sizes"].append({"rows": rows, "homes": homes, "filled_s": round(filled_s, 1), **read})
            print(json.dumps(figures["sizes"][-1]), flush=True)
    text = json.dumps(figures, indent=2)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


@contextmanager
def _database(server: str) -> Iterator[str]:
    name = f"doorstep_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _refresh(dsn: str) -> None:
    """What the policies of the continuous aggregates do within a quarter of an hour."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        for view in ("reading_hourly_live", "reading_daily_live"):
            conn.execute("CALL refresh_continuous_aggregate(%s, NULL, NULL)", (view,))


def _measure(dsn: str, folder: Path, homes: int, times: int) -> dict[str, Any]:
    found = asyncio.run(_measure_data(dsn, homes, times))
    with running_site(folder, dsn) as site, site.visitor() as client:
        desk = {"login": "desk1", "password": PASSWORD}
        client.post("/api/v1/session", json=desk).raise_for_status()
        elders = _elders(dsn, min(homes, HOMES_OF_COMMUNITY))  # of the first community, which desk1 may see
        found["elder_page"] = _timed(lambda: _get(client, f"/elders/{random.choice(elders)}?days={DAYS}"), times)
        found["board_page"] = _timed(lambda: _get(client, "/board"), times)
        found["board_json"] = _timed(lambda: _get(client, "/api/v1/board"), times)
    return found


async def _measure_data(dsn: str, homes: int, times: int) -> dict[str, Any]:
    elders = _elders(dsn, homes)
    random.shuffle(elders)
    metrics = [metric.value for metric in Metric]
    begin = END - timedelta(days=DAYS)
    async with create_async_pool(dsn, "bench", size=1) as pool, pool.connection() as conn:
        cursor = await conn.execute("SELECT array_agg(region_id) FROM region")
        row = await cursor.fetchone()
        everywhere = frozenset(row[0] if row else ())
        community = frozenset(sorted(everywhere)[1:2])
        rows: list[int] = []

        async def record(elder: int) -> None:
            await read_record(conn, elder, everywhere, DAYS, END)

        async def all_metrics(elder: int) -> None:
            rows.append(len(await evidence_store.readings(conn, elder, metrics, begin, END)))

        async def year(elder: int) -> None:
            await read_record(conn, elder, everywhere, 365, END)

        found: dict[str, Any] = {}
        for name, read in (("elder_data", record), ("elder_all_metrics", all_metrics), ("elder_year_data", year)):
            spent = []
            for place in range(times + WARM):
                began = time.perf_counter()
                await read(elders[place % len(elders)])
                spent.append(time.perf_counter() - began)
            found[name] = _quantiles(spent[WARM:])
        found["elder_rows"] = round(statistics.median(rows))
        spent = []
        for _ in range(times + WARM):
            began = time.perf_counter()
            await _board_data(conn, community)
            spent.append(time.perf_counter() - began)
        found["board_data"] = _quantiles(spent[WARM:])
        began = time.perf_counter()
        await board_store.figures(conn, everywhere)
        found["figures_once_ms"] = round((time.perf_counter() - began) * 1000, 1)
    return found


async def _board_data(conn: AsyncConnection, regions: frozenset[int]) -> None:
    """All that the board asks."""
    await board_store.open_alarms(conn, regions)
    await board_store.promised_visits(conn, regions, END)
    await board_store.on_duty(conn, regions)
    await board_store.closed_alarms(conn, regions, END - timedelta(hours=2))
    await board_store.silent_homes(conn, regions, END - timedelta(minutes=3))
    await count_open(conn, regions)


def _elders(dsn: str, homes: int) -> list[int]:
    """Ids of the elders of the first `homes` homes."""
    with psycopg.connect(dsn) as conn:
        rows = conn.execute("SELECT elder_id FROM elder WHERE substr(code, 2)::integer <= %s", (homes,)).fetchall()
    return [int(elder) for (elder,) in rows]


def _get(client: httpx.Client, address: str) -> None:
    client.get(address).raise_for_status()


def _timed(act: Callable[[], None], times: int) -> dict[str, float]:
    spent = []
    for _ in range(times + WARM):
        began = time.perf_counter()
        act()
        spent.append(time.perf_counter() - began)
    return _quantiles(spent[WARM:])


def _quantiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"median": round(cuts[49] * 1000, 1), "p95": round(cuts[94] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}
