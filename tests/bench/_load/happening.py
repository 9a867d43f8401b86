"""Ten things a second: readings and calls over the broker, alerts as the detector writes them, nurses' steps."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

from cloud.db.names import ALERT, NOTIFY
from cloud.db.pool import AsyncPool
from cloud.mqtt import Subscriber
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry import topics
from protocols.telemetry.messages import AlarmMessage, encode
from tests.bench._ingest_load import messages
from tests.bench._load.pages import Page

READINGS, STEPS, ALERTS, CALLS = 4.0, 4.0, 1.5, 0.5
"""A second: letters of five readings, steps of nurses with visits, alerts, calls for help."""
_STEPS = ("accepted", "travelling", "at_the_door", "report")
_STATES = {"proposed": 0, "assigned": 0, "accepted": 1, "travelling": 2, "at_the_door": 3}
_LOOKS = 1.0
"""A second: pages that somebody opens."""


class Happening:
    def __init__(self, pool: AsyncPool, broker: Subscriber, pages: list[Page], homes: int, *, seed: int = 1) -> None:
        self._pool, self._broker, self._homes = pool, broker, homes
        self._nurses = [page for page in pages if not page.is_desk]
        self._desks = [page for page in pages if page.is_desk]
        self._chance = random.Random(seed)
        self._letters = messages(homes, 1_000_000, 5)
        self._doing: set[asyncio.Task[None]] = set()
        self.began: dict[str, float] = {}
        """When each thing that pages are told of began, in Unix seconds."""
        self.happened = 0

    async def settled(self) -> None:
        """Waits until what lay there in the morning is somebody's, or is said to be nobody's."""
        left = (
            "SELECT count(*) FROM visit LEFT JOIN unplanned USING (visit_id) "
            "WHERE state = 'proposed' AND unplanned.visit_id IS NULL"
        )
        async with asyncio.timeout(120):
            while True:
                async with self._pool.connection() as connection:
                    row = await (await connection.execute(left)).fetchone()
                if row == (0,):
                    return
                await asyncio.sleep(0.5)

    async def go_on(self, seconds: float) -> None:
        await asyncio.gather(
            *(
                self._every(1 / rate, what, seconds)
                for rate, what in (
                    (READINGS, self._measure), (STEPS, self._step), (ALERTS, self._alert), (CALLS, self._call),
                    (_LOOKS, self._look),
                )
            )
        )  # fmt: skip
        await asyncio.gather(*self._doing)

    async def _every(self, apart_s: float, what: Callable[[], Awaitable[None]], seconds: float) -> None:
        """Whether the last one is over or not: people do not wait for each other."""
        ends = time.monotonic() + seconds
        due = time.monotonic() + self._chance.uniform(0, apart_s)
        while due < ends:
            await asyncio.sleep(max(due - time.monotonic(), 0))
            task = asyncio.ensure_future(what())
            self._doing.add(task)
            task.add_done_callback(self._doing.discard)
            self.happened += what != self._look
            due += apart_s * self._chance.uniform(0.5, 1.5)

    async def _measure(self) -> None:
        gateway, letter = next(self._letters)
        self._broker.publish(topics.topic(gateway, topics.READINGS), encode(letter))

    async def _call(self) -> None:
        alarm, home = str(uuid4()), self._chance.randrange(self._homes)
        message = AlarmMessage(
            alarm=alarm, kind=AlarmKind.PERSONAL_TRIGGER, device="bench", raised_at=datetime.now(UTC)
        )
        self.began[f"alarm {alarm} at_centre"] = time.time()
        self._broker.publish(topics.topic(f"bench-{home}", topics.ALARM), encode(message))
        await asyncio.sleep(self._chance.uniform(2, 5))
        community = home // 100 + 1
        desk = self._chance.choice([one for one in self._desks if one.community == community] or self._desks)
        self.began[f"alarm {alarm} taken"] = time.time()
        await desk.post(f"/api/v1/alarms/{alarm}/take", "take an alarm", {})
        await asyncio.sleep(self._chance.uniform(1, 4))
        self.began[f"alarm {alarm} closed"] = time.time()
        await desk.post(f"/api/v1/alarms/{alarm}/close", "close an alarm", {"reason": "test"})

    async def _alert(self) -> None:
        now = datetime.now(UTC)
        priority = self._chance.choices(("now", "today", "this_week"), (1, 6, 8))[0]
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to) "
                "SELECT %s, %s, %s, '[]', %s, %s, %s RETURNING alert_id",
                (self._chance.randint(1, self._homes), f"{self._chance.choice(_CAUSES)}", priority, now, now, now),
            )
            row = await cursor.fetchone()
            assert row is not None
            await connection.execute(NOTIFY, (ALERT, str(row[0])))
            await connection.commit()
            self.began[f"alert {row[0]}"] = time.time()

    async def _step(self) -> None:
        """A nurse does what comes next with one of her visits."""
        nurse = self._chance.choice(self._nurses)
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT visit_id, state FROM visit WHERE nurse_id = %s AND state IN ('assigned', 'accepted', "
                "'travelling', 'at_the_door') ORDER BY state = 'assigned', visit_id LIMIT 1",
                (nurse.staff_id,),
            )
            row = await cursor.fetchone()
        if row is None:
            return
        visit_id, state = row
        step = _STEPS[_STATES[state]]
        self.began[f"visit {visit_id} {'filed' if step == 'report' else step}"] = time.time()
        if step == "report":
            body = {"findings": ["all_usual"], "actions": ["talked"]}
            await nurse.post(f"/api/v1/visits/{visit_id}/report", "file a report", body)
        else:
            await nurse.post(f"/api/v1/visits/{visit_id}/steps", "a step of a visit", {"to": step})

    async def _look(self) -> None:
        if self._chance.random() < 0.2:
            await self._chance.choice(self._desks).get("/board", "open the board")
            return
        nurse = self._chance.choice(self._nurses)
        if nurse.shown and self._chance.random() < 0.5:
            await nurse.get(f"/visits/{self._chance.choice(sorted(nurse.shown))}", "open a visit")
        else:
            await nurse.get("/today", "open today's list")


_CAUSES = ("blood_pressure", "pulse", "glucose", "body_temperature", "body_weight")
