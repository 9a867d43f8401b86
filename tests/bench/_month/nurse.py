"""A nurse's day: she takes what is hers, goes to whoever is next, is late, is sick, and finds doors that stay shut."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.bench._month.acts import Acts, Refused
from tests.bench._month.centre import Centre
from tests.bench._month.community import ZONE

MINUTE = timedelta(minutes=1)
SHIFT = (timedelta(hours=8), timedelta(hours=18))
AT_THE_DOOR_MIN = (14.0, 38.0)
ROADS = (0.8, 1.5)
"""A way takes so much of what was planned."""
DECLINES, SILENT, SHUT, SICK_A_DAY, FOLLOWS = 0.03, 0.03, 0.03, 0.02, 0.05
_MOST_LOOK_AHEAD = timedelta(minutes=20)

Then = Callable[[datetime, Callable[[], Awaitable[None]]], None]
"""At that time, this."""
_MINE = """
    SELECT v.visit_id, v.state, v.priority = 'now', v.elder_id, v.alert_id IS NOT NULL,
           s.arrives_at, coalesce(s.travel_min, 12)
    FROM visit v LEFT JOIN route_stop s USING (visit_id) LEFT JOIN route r USING (route_id)
    WHERE v.nurse_id = %(nurse)s AND v.state IN ('assigned', 'accepted', 'travelling', 'no_answer')
      AND (v.priority = 'now' OR r.day <= %(day)s::date OR v.state <> 'assigned')
    ORDER BY v.priority <> 'now', coalesce(s.arrives_at, v.promised_by), v.visit_id
"""


@dataclass(frozen=True)
class Errand:
    visit_id: int
    state: str
    urgent: bool
    elder_id: int
    of_alert: bool
    arrives_at: datetime | None
    travel_min: float


class Nurse:
    def __init__(self, staff_id: int, centre: Centre, acts: Acts, then: Then, seed: int) -> None:
        self.staff_id = staff_id
        self._centre, self._acts, self._then = centre, acts, then
        self._chance = random.Random(f"{seed} {staff_id}")
        self._busy_with: Errand | None = None
        self._leaves_at: datetime | None = None
        self._turn = 0
        """Of the clock's promises to call her: only the newest counts."""
        self._overheard: set[int] = set()
        self.sick_on = ""
        self.filed: Callable[[int, int], None] = lambda _visit_id, _elder_id: None

    def on_shift(self, now: datetime) -> bool:
        local = now.astimezone(ZONE)
        since = timedelta(hours=local.hour, minutes=local.minute)
        return SHIFT[0] <= since < SHIFT[1] and self.sick_on != f"{local:%F}"

    async def mine(self) -> list[Errand]:
        now = self._centre.now
        async with self._centre.pool.connection() as connection:
            values = {"nurse": self.staff_id, "day": now.astimezone(ZONE).date()}
            rows = await (await connection.execute(_MINE.encode(), values)).fetchall()
        return [Errand(*row) for row in rows]

    async def sick(self, *, days: int = 1) -> None:
        """She says so in the morning, or in the middle of her day; what is hers goes back."""
        now = self._centre.now
        today = now.astimezone(ZONE).date()
        self.sick_on = f"{today:%F}"
        async with self._centre.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO absence (staff_id, during) VALUES (%s, daterange(%s, %s)) ON CONFLICT DO NOTHING",
                (self.staff_id, today, today + timedelta(days=days)),
            )
            await connection.execute("UPDATE staff SET on_duty = false WHERE staff_id = %s", (self.staff_id,))
        self._busy_with = None
        self._turn += 1
        self._acts.done["sick"] += 1
        async with self._centre.pool.connection() as connection:
            rows = await (
                await connection.execute(
                    "SELECT visit_id FROM visit WHERE nurse_id = %s AND state IN ('assigned', 'accepted', "
                    "'travelling', 'at_the_door', 'no_answer')",
                    (self.staff_id,),
                )
            ).fetchall()
        for (visit_id,) in rows:
            await self._try(visit_id, "declined", "sick")

    async def well_again(self) -> None:
        async with self._centre.pool.connection() as connection:
            await connection.execute("UPDATE staff SET on_duty = true WHERE staff_id = %s", (self.staff_id,))

    def asked_urgently(self) -> None:
        """Her phone rings."""
        delay = self._chance.uniform(10, 60) if self.on_shift(self._centre.now) else self._chance.uniform(20, 150)
        self._then(self._centre.now + timedelta(seconds=delay), self._answer)

    async def _answer(self) -> None:
        for errand in await self.mine():
            if not errand.urgent or errand.state != "assigned" or errand.visit_id in self._overheard:
                continue
            luck = self._chance.random()
            if luck < SILENT:
                self._overheard.add(errand.visit_id)
                self._acts.done["silent"] += 1
            elif luck < SILENT + DECLINES:
                await self._try(errand.visit_id, "declined", "cannot come")
            elif await self._try(errand.visit_id, "accepted"):
                await self._hurry()

    async def _hurry(self) -> None:
        """To somebody in need: from the road at once, from a door within five minutes."""
        now = self._centre.now
        if self._busy_with is not None and self._busy_with.urgent:
            return  # that one first
        if self._leaves_at is not None:
            self._leaves_at = min(self._leaves_at, now + 5 * MINUTE)
            self._call(self._leaves_at, self._leave)
            return
        self._busy_with = None
        await self.look()

    async def look(self) -> None:
        """Whom does she go to now? In her hours all, outside what is urgent."""
        now = self._centre.now
        if self._busy_with is not None:
            return
        in_hours = self.on_shift(now)
        begun = ("accepted", "travelling", "no_answer")
        for errand in await self.mine():
            if not in_hours and not errand.urgent and errand.state not in ("travelling", "no_answer"):
                continue
            if errand.urgent and errand.state == "assigned":
                continue  # her phone asks her
            if errand.state == "assigned" and self._chance.random() < DECLINES:
                await self._try(errand.visit_id, "declined", "too much today")
                continue
            if errand.state not in begun and not await self._try(errand.visit_id, "accepted"):
                continue
            if errand.arrives_at is not None and not errand.urgent:
                leaves = errand.arrives_at - errand.travel_min * MINUTE
                if leaves > now + MINUTE:
                    self._call(min(leaves, now + _MOST_LOOK_AHEAD), self.look)
                    return
            if errand.state != "travelling" and not await self._try(errand.visit_id, "travelling"):
                continue
            self._busy_with = errand
            way = max(errand.travel_min, 3.0) * self._chance.uniform(*ROADS)
            self._call(now + way * MINUTE, self._arrive)
            return

    async def _arrive(self) -> None:
        errand, now = self._busy_with, self._centre.now
        if errand is None:
            return
        if self._chance.random() < SHUT and not errand.urgent:
            if await self._try(errand.visit_id, "no_answer", "rang twice"):
                self._call(now + 8 * MINUTE, self._ring_again)
                return
        elif await self._try(errand.visit_id, "at_the_door"):
            self._leaves_at = now + self._chance.uniform(*AT_THE_DOOR_MIN) * MINUTE
            self._call(self._leaves_at, self._leave)
            return
        self._busy_with = None
        await self.look()

    async def _ring_again(self) -> None:
        errand, now = self._busy_with, self._centre.now
        if errand is None:
            return
        if self._chance.random() < 0.6 and await self._try(errand.visit_id, "at_the_door"):
            self._leaves_at = now + self._chance.uniform(*AT_THE_DOOR_MIN) * MINUTE
            self._call(self._leaves_at, self._leave)
            return
        await self._try(errand.visit_id, "cancelled", "away with family, says a neighbour")
        self._busy_with = None
        await self.look()

    async def _leave(self) -> None:
        errand, now = self._busy_with, self._centre.now
        self._busy_with = self._leaves_at = None
        if errand is not None:
            days = self._chance.randint(3, 10) if self._chance.random() < FOLLOWS else None
            next_on = None if days is None else (now.astimezone(ZONE) + timedelta(days=days)).date()
            try:
                await self._acts.report(errand.visit_id, self.staff_id, of_alert=errand.of_alert, next_on=next_on)
                self.filed(errand.visit_id, errand.elder_id)
            except Refused:
                self._acts.done["refused"] += 1
        await self.look()

    def _call(self, at: datetime, what: Callable[[], Awaitable[None]]) -> None:
        self._turn += 1
        turn = self._turn

        async def in_turn() -> None:
            if turn == self._turn:
                await what()

        self._then(at, in_turn)

    async def _try(self, visit_id: int, to: str, note: str = "") -> bool:
        try:
            await self._acts.step(visit_id, self.staff_id, to, note)
        except Refused:
            self._acts.done["refused"] += 1
            return False
        return True
