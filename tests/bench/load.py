"""A town's centre with everybody looking: how long do page actions take, and when is an event on the pages?

Two hundred nurses and twenty desks hold their streams of live events and ask anew as their pages' scripts do, while ten
things a second happen: readings and calls for help over the broker, alerts, and steps of nurses with their visits over
HTTP. All stages are the real processes; the pages are one more process on the same machine, and what a page sees counts
from before its request is sent. `live_ms` is from the beginning of what happened (a letter given to the broker, an
alert's commit, a nurse's request) to its line on each page. `cpu_percent` is of one processor.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from cloud.db.pool import create_async_pool
from cloud.mqtt import Subscriber
from tests.bench._load.happening import ALERTS, CALLS, READINGS, STEPS, Happening
from tests.bench._load.pages import Heard, Page, looked_at
from tests.bench._load.town import HOMES_OF_COMMUNITY, WITHIN_S, Town, running_town
from tests.bench._machine import machine
from tests.bench._usage import Others, usage_of

GOALS = {"page_actions_p95_ms": 150, "live_p95_ms": 500}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench load", description=__doc__)
    parser.add_argument("--nurses", type=int, default=200)
    parser.add_argument("--desks", type=int, default=20)
    parser.add_argument("--communities", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="doorstep-load-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        with running_town(folder, options.nurses, options.desks, options.communities) as town:
            found = asyncio.run(measure(town, options))
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


async def measure(town: Town, options: argparse.Namespace) -> dict[str, Any]:
    heard, on = Heard(), machine()
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2.0)  # the server's is 5
    with Subscriber(town.broker, "bench-town") as broker:
        if not broker.wait_connected(WITHIN_S):
            raise TimeoutError("the broker did not answer")
        async with (
            create_async_pool(town.dsn, "bench", size=4) as pool,
            aiohttp.ClientSession(town.address, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as client,
        ):
            pages = _pages(town, heard, client)
            happening = Happening(pool, broker, pages, options.communities * HOMES_OF_COMMUNITY)
            figures: dict[str, Any] = {}

            async def act() -> None:
                await happening.settled()
                await asyncio.gather(*(page.open() for page in pages))
                await happening.go_on(5)  # first connections, first plans
                heard.took.clear()
                heard.failed.clear()
                happening.began.clear()
                happening.happened = 0
                others, before, began = Others(os.getpid()), _spent(town), time.monotonic()
                await happening.go_on(options.seconds)
                lasted = time.monotonic() - began
                figures["happened_a_second"] = round(happening.happened / lasted, 1)
                figures["cpu_percent"] = {
                    name: round(100 * (spent - before[name]) / lasted, 1) for name, spent in _spent(town).items()
                }
                figures["others_cpu_percent"] = others.percent()
                await asyncio.sleep(1.0)

            await looked_at(pages, act)
    by_kind: dict[str, list[float]] = {}
    for what, at in happening.began.items():
        by_kind.setdefault(what.split()[0], []).extend(came - at for came in heard.came.get(what, ()))
    own = {name: took for name, took in heard.took.items() if not name.startswith("renewed")}
    return {
        "machine": on,
        "nurses": options.nurses,
        "desks": options.desks,
        "communities": options.communities,
        "events_a_second": {"letters": READINGS, "steps": STEPS, "alerts": ALERTS, "calls": CALLS},
        **figures,
        "actions_ms": _figures([one for took in own.values() for one in took]),
        "by_action_ms": {name: _figures(took) for name, took in sorted(heard.took.items())},
        "live_ms": _figures([one for came in by_kind.values() for one in came]),
        "live_by_kind_ms": {kind: _figures(came) for kind, came in sorted(by_kind.items())},
        "failed": dict(heard.failed),
        "goals": GOALS,
    }


def _spent(town: Town) -> dict[str, float]:
    """Processor seconds of each process, with its children; `pages` is this one."""
    found = {name: usage_of(pid).cpu_s for name, pid in town.pids.items()}
    return found | {"pages": time.process_time()}


def _pages(town: Town, heard: Heard, client: aiohttp.ClientSession) -> list[Page]:
    with psycopg.connect(town.dsn) as conn:
        rows = conn.execute(
            "SELECT login, staff_id, substr(region.code, 2)::integer FROM staff JOIN region USING (region_id)"
        ).fetchall()
    return [
        Page(town.address, login, staff_id=staff_id, community=community, heard=heard, client=client)
        for login, staff_id, community in rows
    ]


def _figures(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    if len(seconds) < 2:
        return {"n": len(seconds)}
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "median": round(cuts[49] * 1000, 1),
        "p95": round(cuts[94] * 1000, 1),
        "p99": round(cuts[98] * 1000, 1),
        "n": len(seconds),
    }
