"""The month itself: what happens in its order, and the centre looked at after what it would be woken by."""

import heapq
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import uuid4

from cloud.alarms import desk
from cloud.visits.dispatch import dispatch_for_alarm
from tests.bench._month.acts import Acts
from tests.bench._month.centre import Centre
from tests.bench._month.community import Community
from tests.bench._month.lives import sitting
from tests.bench._month.nurse import MINUTE, SICK_A_DAY, Nurse

TICK_MIN = 10
"""So often routine is looked at: nurses at their lists, the centre at what they did; what is new it sees at once."""
HEARD_EVERY_MIN = 3
"""What elders measure within so long comes to the centre together."""
ASKS_A_DAY, TAKES_BACK, CALLS_A_DAY, ASSESSES = 0.004, 0.06, 0.0015, 0.6
"""Part of the elders who ask for somebody, of those who think again, who press the button, who say how a visit was."""
SICK_AT_WORK_A_DAY = 0.004


@dataclass(frozen=True)
class Lived:
    seed: int = 1
    troubled: float = 1.0
    """So many times as often elders are unwell, ask and call, so that few of them in few days see what many do."""
    tick_min: int = TICK_MIN
    search_s: float = 2.0
    """At each set hour: a day's is 20, and a month has sixty of them."""


class Month:
    def __init__(self, centre: Centre, community: Community, begins: datetime, days: int, lived: "Lived") -> None:
        self.centre = self._centre = centre
        self._community, self._begins, self._days = community, begins, days
        self._lived, seed = lived, lived.seed
        self._chance = random.Random(seed)
        self.acts = Acts(centre, random.Random(seed + 1))
        self._queue: list[tuple[datetime, int, bool, Callable[[], Awaitable[None]]]] = []
        self._numbers = count()
        self._asked: set[tuple[int, int]] = set()
        self._nurses = {one: Nurse(one, centre, self.acts, self._then, seed) for one in community.nurses}
        for nurse in self._nurses.values():
            nurse.filed = self._filed
        self.calls = 0

    async def live(self, tail_days: int, said: Callable[[str], None]) -> None:
        """The days, and then `tail_days` without anything new, in which people finish."""
        ends = self._begins + timedelta(days=self._days + tail_days)
        for day in range(self._days + tail_days):
            self._begin_day(self._begins + timedelta(days=day), new=day < self._days)
        day = 0
        while self._queue and self._queue[0][0] < ends:
            await self._next()
            if self._centre.now >= self._begins + timedelta(days=day + 1):
                day += 1
                spent = {name: round(seconds) for name, seconds in self._centre.spent.seconds.items()}
                said(f"day {day}: {dict(self.acts.done)} {spent}")

    def _then(self, at: datetime, what: Callable[[], Awaitable[None]], *, at_once: bool = False) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), at_once, what))

    async def _next(self) -> None:
        """Turns to what comes first, of people or of timers, and does all that is over by then."""
        centre = self._centre
        timer = await centre.next_timer()
        at = min(self._queue[0][0], max(timer, centre.now)) if timer is not None else self._queue[0][0]
        await centre.turn_to(at)
        look = timer is not None and timer <= centre.now
        while self._queue and self._queue[0][0] <= centre.now:
            _, _, at_once, what = heapq.heappop(self._queue)
            await what()
            look = look or at_once
        if look:
            centre.detect()
            await centre.follow()
            await centre.timers_done()
            await self._ring()

    async def _ring(self) -> None:
        """Whoever is asked anew to go to somebody in need hears it; who is asked in vain, the centre asks the next."""
        async with self._centre.pool.connection() as connection:
            rows = await (
                await connection.execute(
                    "SELECT visit_id, nurse_id, answer_by FROM visit WHERE state = 'assigned' AND priority = 'now'"
                )
            ).fetchall()
        for visit_id, nurse_id, answer_by in rows:
            if (visit_id, nurse_id) in self._asked:
                continue
            self._asked.add((visit_id, nurse_id))
            self._nurses[nurse_id].asked_urgently()
            if answer_by is not None:
                self._then(answer_by + timedelta(seconds=1), _nothing, at_once=True)
            # half a minute after her answer the centre has looked again
            self._then(self._centre.now + timedelta(seconds=151), _nothing, at_once=True)

    def _begin_day(self, midnight: datetime, *, new: bool) -> None:
        sittings: dict[datetime, list[tuple[int, datetime]]] = defaultdict(list)
        for life in self._community.lives.values():
            if not new:
                break
            for at in life.times(midnight):
                sittings[_heard_at(at)].append((life.elder_id, at))
            if self._chance.random() < ASKS_A_DAY * self._lived.troubled:
                self._at_daytime(midnight, self._asks(life.elder_id))
            if self._chance.random() < CALLS_A_DAY * self._lived.troubled:
                self._then(midnight + self._chance.uniform(0, 1440) * MINUTE, self._calls(life.elder_id), at_once=True)
        for at, those in sittings.items():
            self._then(at, self._measure(those), at_once=True)
        tick = midnight
        while tick < midnight + timedelta(days=1):
            in_hours = timedelta(hours=6) <= tick - midnight < timedelta(hours=20)
            if in_hours or (tick - midnight) % timedelta(hours=1) == timedelta(0):
                self._then(tick, self._tick, at_once=True)
            tick += self._lived.tick_min * MINUTE
        for nurse in self._nurses.values():
            self._then(midnight + timedelta(hours=6), nurse.well_again)
            if self._chance.random() < SICK_A_DAY:
                self._then(midnight + timedelta(hours=7), nurse.sick, at_once=True)
            elif self._chance.random() < SICK_AT_WORK_A_DAY:
                self._at_daytime(midnight, nurse.sick)

    def _at_daytime(self, midnight: datetime, what: Callable[[], Awaitable[None]]) -> None:
        self._then(midnight + self._chance.uniform(8.5 * 60, 17 * 60) * MINUTE, what, at_once=True)

    async def _tick(self) -> None:
        await self._centre.look_ahead()
        for nurse in self._nurses.values():
            await nurse.look()

    def _measure(self, those: list[tuple[int, datetime]]) -> Callable[[], Awaitable[None]]:
        async def measure() -> None:
            lives = self._community.lives
            lines = [line for elder, at in those for line in sitting(lives[elder], at, troubled=self._lived.troubled)]
            self._centre.measured([elder for elder, _ in those], lines)
            self.acts.done["sittings"] += len(those)

        return measure

    def _asks(self, elder_id: int) -> Callable[[], Awaitable[None]]:
        async def asks() -> None:
            await self.acts.ask(elder_id)
            if self._chance.random() < TAKES_BACK:
                self._then(self._centre.now + 20 * MINUTE, lambda: self.acts.take_back(elder_id))

        return asks

    def _calls(self, elder_id: int) -> Callable[[], Awaitable[None]]:
        """The button; the desk takes the call within a minute, and sends somebody to two of three."""

        async def calls() -> None:
            alarm_id, centre, staff = uuid4(), self._centre, self._community.desk
            self.calls += 1
            async with centre.pool.connection() as connection:
                await connection.execute(
                    "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at) "
                    "VALUES (%s, %s, %s, 'personal_trigger', 'button', %s, %s)",
                    (alarm_id, self._community.lives[elder_id].gateway_id, elder_id, centre.now, centre.now),
                )

            async def answer() -> None:
                async with centre.pool.connection() as connection:
                    await desk.take(connection, alarm_id, staff, centre.now)
                    if self._chance.random() < 2 / 3:
                        await desk.send(connection, alarm_id, staff, centre.now)
                        await dispatch_for_alarm(connection, alarm_id, staff, centre.now, promises=centre.config.visits)
                        self._then(centre.now + timedelta(hours=2), close)
                        return
                    await desk.close(connection, alarm_id, staff, "mistake", "", centre.now)

            async def close() -> None:
                async with centre.pool.connection() as connection:
                    await desk.close(connection, alarm_id, staff, "real", "", centre.now)

            self._then(centre.now + timedelta(seconds=self._chance.uniform(15, 60)), answer, at_once=True)

        return calls

    def _filed(self, visit_id: int, elder_id: int) -> None:
        """The elder says how it was, some hours later, or does not."""
        if self._chance.random() < ASSESSES:

            async def assess() -> None:
                await self.acts.assess(visit_id, elder_id)

            self._then(self._centre.now + self._chance.uniform(20, 600) * MINUTE, assess)


def _heard_at(measured_at: datetime) -> datetime:
    """Up to the next whole HEARD_EVERY_MIN."""
    whole = measured_at.replace(second=0, microsecond=0)
    return whole + (HEARD_EVERY_MIN - whole.minute % HEARD_EVERY_MIN) * MINUTE


async def _nothing() -> None:
    """Only that the centre looks."""
