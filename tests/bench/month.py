"""A month of a community, from readings to the elders' word: is every task ended, are promises kept, who is how quick?

The stages are the real ones over a real database: detection, dispatch, routes, regular visits, timers, and one act in
ten over the site's HTTP. They are looked at in turn, on a clock that runs as the wall's does while they work and is
turned forward over the minutes in which nothing happens; so `alert_to_assigned_s` holds what this machine takes. Elders
measure, ask, call and judge; nurses accept, decline, keep silent, are late or sick, and find doors that stay shut. All
of it comes from a seed. After the days come six in which nothing new is measured or asked, so that people may finish:
counted are tasks that were promised until the month's end.
"""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from cloud.db.migrate import migrate
from cloud.local.postgres import EmbeddedPostgres
from tests.bench._machine import machine
from tests.bench._month.centre import open_centre
from tests.bench._month.community import ZONE, register
from tests.bench._month.figures import read_figures
from tests.bench._month.playing import Lived, Month
from tests.bench._month.turned_clock import TurnedClock

BEGINS = datetime(2026, 11, 2, tzinfo=ZONE)
TAIL_DAYS = 6
"""Promises of the last day may lie three days ahead, and reports are closed two days after."""
GOALS = {"alert_to_assigned_p95_s": 60, "urgent_started_within_min": 30}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench month", description=__doc__)
    parser.add_argument("--elders", type=int, default=1000)
    parser.add_argument("--nurses", type=int, default=12)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # a month's lines are many
    with tempfile.TemporaryDirectory(prefix="doorstep-month-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        with EmbeddedPostgres(folder / "postgres") as postgres:
            migrate(postgres.dsn)
            found = measure(
                postgres.dsn, folder, options.elders, options.nurses, options.days, lived=Lived(seed=options.seed)
            )
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(dsn: str, folder: Path, elders: int, nurses: int, days: int, *, lived: Lived) -> dict[str, Any]:
    """All figures, over a migrated database in which nobody is registered."""
    on = machine()
    community = register(dsn, elders, nurses, BEGINS)
    clock = TurnedClock(BEGINS)
    began, spent_s = time.monotonic(), time.process_time()

    async def live() -> Month:
        async with open_centre(dsn, folder / "data", clock, lived.search_s) as centre:
            month = Month(centre, community, BEGINS, days, lived)
            await month.live(TAIL_DAYS, lambda line: print(line, flush=True))
            return month

    month = asyncio.run(live())
    return {
        "machine": on,
        "elders": elders,
        "nurses": nurses,
        "days": days,
        "seed": lived.seed,
        "search_s": lived.search_s,
        **read_figures(dsn, BEGINS + timedelta(days=days)),
        "calls": month.calls,
        "acts": dict(sorted(month.acts.done.items())),
        "acts_by_http": dict(month.acts.by_http),
        "wall_s": round(time.monotonic() - began),
        "own_processor_s": round(time.process_time() - spent_s),
        "spent_s": {name: round(seconds, 1) for name, seconds in month.centre.spent.seconds.items()},
        "looks": month.centre.spent.times,
        "goals": GOALS,
    }
