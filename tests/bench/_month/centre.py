"""The stages of a centre as they are, looked at in turn on one clock: detect, visits with their timers, and the web."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from cloud.config import Broker, CloudConfig, Database
from cloud.db.jobs import run_timers
from cloud.db.pool import AsyncPool, Connection, create_async_pool, own_connection
from cloud.detection import store as detection
from cloud.detection.budget.release import release_all
from cloud.detection.limits import Limits, load_limits
from cloud.detection.worker import look_at_next, look_at_next_round
from cloud.identity.store import open_session
from cloud.process import Process
from cloud.routes_config import RiskClass, Routes
from cloud.tasks import end
from cloud.visits.regular.making import Rhythms
from cloud.visits.routes.planner import Planner
from cloud.visits.timers import AT_RISK, QUEUE
from cloud.visits.worker import at_risk_timer, follow_once
from cloud.web.app import Site, create_app
from cloud.web.entry.csrf import HEADER, csrf_of
from cloud.web.entry.current import COOKIE, wall_now
from cloud.web.evidence.limit_lines import limit_lines
from cloud.web.server import open_services
from tests.bench._month.community import COPY_READINGS
from tests.bench._month.turned_clock import TurnedClock

LIMITS = Path(__file__).parents[3] / "configs" / "limits.toml"
REGULAR_DAYS: dict[RiskClass, int] = {"high": 7, "raised": 14, "usual": 28}
_ADDRESS = "http://centre.invalid"
_TIMERS_POLL_S = 0.2


@dataclass
class Spent:
    """Wall seconds, by stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def add(self, stage: str, began: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began
        self.times[stage] = self.times.get(stage, 0) + 1


class Centre:
    def __init__(self, config: CloudConfig, clock: TurnedClock, pool: AsyncPool, detect: Connection) -> None:
        self.config, self.clock, self.pool = config, clock, pool
        self.limits: Limits = load_limits(LIMITS)
        self.planner = Planner(config)
        self.spent = Spent()
        self._rhythms = Rhythms(config.routes)
        self._detect = detect
        self._app: Site | None = None
        self._pages: dict[int, httpx.AsyncClient] = {}
        self._open_page: httpx.AsyncClient | None = None

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def turn_to(self, moment: datetime) -> None:
        """Turns the clock forward; timers that are set come nearer by as much."""
        by = self.clock.turn_to(moment)
        async with self.pool.connection() as connection:
            await connection.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - %s WHERE status = 'todo'", (by,)
            )

    async def next_timer(self) -> datetime | None:
        """Of the visits or of detection, whichever comes first."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute("SELECT min(scheduled_at) FROM procrastinate_jobs WHERE status = 'todo'")
            row = await cursor.fetchone()
        job = None if row is None or row[0] is None else self.clock.at_wall(row[0])
        with self._detect.transaction():
            look = detection.next_timer(self._detect)
        return min((one for one in (job, look) if one is not None), default=None)

    async def timers_done(self) -> None:
        """Waits until every timer that is over was called."""
        due = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND scheduled_at <= now()"
        while True:
            async with self.pool.connection() as connection:
                row = await (await connection.execute(due)).fetchone()
            if row is None or row[0] == 0:
                return
            await asyncio.sleep(_TIMERS_POLL_S)

    def measured(self, elders: Sequence[int], lines: Sequence[str]) -> None:
        """What ingest leaves behind."""
        connection, now = self._detect, self.now
        with connection.transaction(), connection.cursor() as cursor:
            with cursor.copy(COPY_READINGS) as copy:
                copy.write("".join(lines))
            cursor.execute(
                "INSERT INTO detection_due (elder_id, since) SELECT unnest(%s::integer[]), %s "
                "ON CONFLICT (elder_id) DO NOTHING",
                (list(elders), now),
            )

    def detect(self) -> None:
        """All that the detect process does at a wake-up."""
        connection, limits, clock, began = self._detect, self.limits, self.clock, time.perf_counter()
        with connection.transaction():
            detection.wake(connection, clock.now())
        while look_at_next(connection, limits, clock.now(), clock=clock):
            pass
        while look_at_next_round(connection, limits, clock.now(), clock=clock):
            pass
        release_all(connection, limits.budget, clock.now())
        connection.commit()
        self.spent.add("detect", began)

    async def follow(self) -> None:
        """All that the visits process does at a wake-up, but for what it makes ahead."""
        began = time.perf_counter()
        await follow_once(self.pool, self.planner, self.clock, self.config.visits, self.config.routes)
        self.spent.add("visits", began)

    async def look_ahead(self) -> None:
        """Regular visits, and at set hours better routes."""
        began = time.perf_counter()
        async with self.pool.connection() as connection:
            await self._rhythms.follow(connection, self.now)
        left = True
        while left:
            async with self.pool.connection() as connection:
                left = await self.planner.search(connection, self.now)
        self.spent.add("ahead", began)

    async def page_of(self, staff_id: int) -> httpx.AsyncClient:
        """Somebody's browser, signed in."""
        if staff_id not in self._pages:
            async with self.pool.connection() as connection:
                token = await open_session(connection, staff_id, wall_now(), timedelta(days=2))
            self._pages[staff_id] = self._browser({COOKIE: token}, {HEADER: csrf_of(token)})
        return self._pages[staff_id]

    def page_of_elder(self) -> httpx.AsyncClient:
        """A browser that knows links."""
        if self._open_page is None:
            self._open_page = self._browser({}, {})
        return self._open_page

    def _browser(self, cookies: dict[str, str], headers: dict[str, str]) -> httpx.AsyncClient:
        assert self._app is not None
        transport = httpx.ASGITransport(app=self._app, client=("127.0.0.1", 1))
        return httpx.AsyncClient(
            transport=transport, base_url=_ADDRESS, cookies=cookies, headers={"origin": _ADDRESS, **headers}, timeout=30
        )

    def serve(self, app: Site) -> None:
        self._app = app

    async def close(self) -> None:
        for page in [*self._pages.values(), *([self._open_page] if self._open_page else [])]:
            await page.aclose()


@asynccontextmanager
async def open_centre(dsn: str, folder: Path, clock: TurnedClock, search_s: float) -> AsyncIterator[Centre]:
    """Over a migrated database. The web hears no broker: nobody here presses a button on one."""
    config = CloudConfig(
        data=str(folder),
        database=Database(dsn=dsn),
        broker=Broker(url="mqtt://127.0.0.1:9"),
        routes=Routes(search_s=search_s, regular_days=REGULAR_DAYS),
    )
    async with create_async_pool(dsn, "month", size=6) as pool:
        with own_connection(dsn, "detect") as detect:
            centre = Centre(config, clock, pool, detect)
            timers = asyncio.create_task(run_timers(pool, QUEUE, {AT_RISK: at_risk_timer(pool)}, poll_s=_TIMERS_POLL_S))
            async with open_services(Process("web", config, clock), limit_lines(centre.limits)) as services:
                centre.serve(create_app(services))
                yield centre
                await centre.close()
            await end([timers])
