"""Hears the broker and the database, and tells the hub.

An alarm is shown the moment the broker delivers it, before any database has it, and confirmed when its row is there.
Every later step comes from the row: NOTIFY wakes, and a sweep over the open alarms finds what a lost wake-up hid.
While the database is away steps come from the desk's journal, and are laid over what is known of the alarm.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from uuid import UUID

import structlog
from prometheus_client import Histogram

from cloud.alarms.journal import DeskJournal, JournalFails
from cloud.alarms.model import Act, KeptAlarm
from cloud.clock import Clock
from cloud.db import names
from cloud.db.listen import Wake
from cloud.db.pool import AsyncConnection, AsyncPool, DatabaseAway
from cloud.db.sight import CENTRE, seeing
from cloud.tasks import end
from cloud.web.board import store as board_store
from cloud.web.board.model import BoardAlarm
from cloud.web.card import store as card_store
from cloud.web.live import store
from cloud.web.live.hub import Hub
from cloud.web.live.model import HomeEntry, LiveEvent
from cloud.web.live.overlay import laid_over
from cloud.web.live.strangers import Strangers
from cloud.web.standby.database_watch import DatabaseWatch
from cloud.web.standby.memory import Memory
from protocols.telemetry.messages import AlarmMessage

log = structlog.get_logger()

_REMEMBERED = 10_000
_ENTRY_AGE_S = 300.0
_LOOK_AWAY_S = 0.25
_LOOK_S = 1.0
_LEARN_AGAIN_S = 600.0

delivery_seconds = Histogram(
    "doorstep_web_alarm_delivery_seconds",
    "From an alarm's arrival from the broker until it was handed to every page",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 1.0),
)


class Hearing:
    """All of it runs on the event loop of the web process."""

    def __init__(  # noqa: PLR0917 - its two wires, its memory and its ears
        self,
        clock: Clock,
        pool: AsyncPool,
        hub: Hub,
        watch: DatabaseWatch,
        journal: DeskJournal | None,
        memory: Memory,
    ) -> None:
        self._clock = clock
        self._pool = pool
        self._hub = hub
        self._watch = watch
        self._journal = journal
        self._memory = memory
        self._messages: dict[UUID, AlarmMessage] = {}
        self._standing: dict[UUID, list[Act]] = {}
        self._learned_at = float("-inf")
        self._homes: dict[str, tuple[float, HomeEntry]] = {}
        self._unstored: dict[UUID, BoardAlarm] = {}
        self._stored: dict[UUID, asyncio.Event] = {}
        self._shown: OrderedDict[UUID, BoardAlarm] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.strangers = Strangers(clock, hub)

    def unstored(self, regions: frozenset[int]) -> list[BoardAlarm]:
        """Alarms that only the broker has told of, newest first."""
        found = [alarm for alarm in self._unstored.values() if alarm.region_id in regions]
        return sorted(found, key=lambda alarm: alarm.heard_at, reverse=True)

    async def until_stored(self, alarm_id: UUID, within_s: float) -> None:
        """Waits until an alarm that stands on the board has its row, or `within_s` is over."""
        if alarm_id not in self._unstored:
            return
        event = self._stored.setdefault(alarm_id, asyncio.Event())
        try:
            async with asyncio.timeout(within_s):
                await event.wait()
        except TimeoutError:
            return

    def open_alarms(self, regions: frozenset[int]) -> list[BoardAlarm]:
        """All that this process knows to be open, newest first: the board while the database is away."""
        found = [alarm for alarm in self._shown.values() if alarm.region_id in regions and alarm.state != "closed"]
        return sorted(found, key=lambda alarm: alarm.heard_at, reverse=True)

    def known(self, alarm_id: UUID, regions: frozenset[int]) -> BoardAlarm | None:
        alarm = self._shown.get(alarm_id)
        return alarm if alarm is not None and alarm.region_id in regions else None

    def message_of(self, alarm_id: UUID) -> AlarmMessage | None:
        """What the home said, while the database has not confirmed it."""
        return self._messages.get(alarm_id)

    def standing_of(self, alarm: BoardAlarm) -> list[Act]:
        """Steps of the alarm that the desk's journal answers for, oldest first."""
        return self._standing.get(alarm.alarm_id, [])

    async def learn_homes(self) -> None:
        """Fills the directory and what is remembered of the elders, so that no alarm needs the database."""
        at = asyncio.get_running_loop().time()
        if at - self._learned_at < _LEARN_AGAIN_S:
            return
        async with self._connection() as conn:
            entries = await store.homes(conn, self._clock.now())
            basics = await card_store.all_basics(conn)
        self._homes = {entry.gateway_id: (at, entry) for entry in entries}
        self._learned_at = at
        await asyncio.to_thread(self._memory.remember_homes, entries)
        await asyncio.to_thread(self._memory.remember_basics, basics)

    def recall_homes(self) -> None:
        """The directory as it was remembered, for a process that starts while the database is away."""
        self._homes = {entry.gateway_id: (float("-inf"), entry) for entry in self._memory.homes()}

    async def follow_journal(self) -> None:
        """Until cancelled: shows what other processes of the desk wrote into the journal."""
        while self._journal is not None:
            try:
                alarms, acts = await asyncio.to_thread(_kept_in, self._journal)
            except JournalFails as error:
                log.warning("desk_journal", problem=str(error))
            else:
                for kept in alarms:
                    self.hear_alarm(kept.gateway_id, kept.message)
                await self._lay(acts)
            await asyncio.sleep(_LOOK_AWAY_S if self._watch.away or self._standing else _LOOK_S)
        await asyncio.Event().wait()

    async def look_at_journal(self) -> None:
        """This process has just written into it. Raises JournalFails."""
        if self._journal is not None:
            _, acts = await asyncio.to_thread(_kept_in, self._journal)
            await self._lay(acts)

    async def _lay(self, acts: list[Act]) -> None:
        """Shows the alarms as `acts`, all that stand by the journal now, leave them."""
        before, self._standing = self._standing, {}
        for act in acts:
            self._standing.setdefault(act.alarm_id, []).append(act)
        for alarm_id in self._standing:
            if alarm_id in self._shown and before.get(alarm_id) != self._standing[alarm_id]:
                self._show(self._shown[alarm_id])
        gone = [alarm_id for alarm_id in before if alarm_id not in self._standing]
        if gone and not self._watch.away:
            try:
                async with self._connection() as conn:
                    for alarm_id in gone:
                        self._show_stored(await board_store.alarm(conn, alarm_id))
            except DatabaseAway:
                self._watch.lost()

    def hear_alarm(self, gateway_id: str, message: AlarmMessage) -> None:
        """One alarm message from the broker. Repetitions of a known alarm say nothing new."""
        began = asyncio.get_running_loop().time()
        try:
            alarm_id = UUID(message.alarm)
        except ValueError:
            return  # the alarms' worker keeps it as a dead letter
        if message.cancelled:
            self.strangers.over(alarm_id)
        if alarm_id in self._shown or message.cancelled:
            return
        known = self._homes.get(gateway_id)
        if known is None:
            self.start(self._learn_and_show(gateway_id, alarm_id, message))
            return
        self._show_unstored(known[1], alarm_id, message)
        delivery_seconds.observe(asyncio.get_running_loop().time() - began)
        if began - known[0] > _ENTRY_AGE_S:
            self.start(self._learn(gateway_id))

    async def hear_wakes(self, wakes: list[Wake]) -> None:
        """What the database notified; an empty list asks for a sweep. Raises DatabaseAway."""
        async with self._connection() as conn:
            if not wakes:
                await self._sweep(conn)
            for channel, payload in dict.fromkeys(wakes):  # each row is read as it stands now
                if channel == names.ALARM:
                    self._show_stored(await board_store.alarm(conn, UUID(payload)))
                elif channel == names.VISIT:
                    visit = await board_store.visit(conn, int(payload))
                    if visit is not None:
                        self._hub.publish(LiveEvent("visit", visit.region_id, asdict(visit)))
                elif channel == names.ALERT:
                    alert = await board_store.alert(conn, int(payload))
                    if alert is not None:
                        self._hub.publish(LiveEvent("alert", alert.region_id, asdict(alert)))
                elif channel == names.SEVERE:
                    home = await store.home_of_gateway(conn, payload, self._clock.now())
                    if home is not None:
                        self._hub.publish(LiveEvent("severe", home.region_id, {"home_code": home.home_code}))
                elif channel == names.STATUS:
                    home = await store.home_of_gateway(conn, payload, self._clock.now())
                    if home is not None:
                        self._homes[home.gateway_id] = (asyncio.get_running_loop().time(), home)
                        self._hub.publish(LiveEvent("status", home.region_id, {"home_code": home.home_code}))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        """It sees everything, whoever's request it is that asks: what is heard is kept for all."""
        with seeing(CENTRE):
            async with self._pool.connection() as conn:
                yield conn

    async def close(self) -> None:
        await end(self._tasks)

    async def _sweep(self, conn: AsyncConnection) -> None:
        """Publishes what changed among the alarms that are open now, or that this process believes to be open."""
        believed = [alarm_id for alarm_id, alarm in self._shown.items() if alarm.state != "closed"]
        for alarm in await board_store.open_alarms(conn, None):
            self._show_stored(alarm)
            if alarm.alarm_id in believed:
                believed.remove(alarm.alarm_id)
        for alarm_id in believed:
            there = await board_store.alarm(conn, alarm_id)
            if there is not None:
                self._show_stored(there)
            elif alarm_id not in self._unstored and alarm_id not in self._standing:
                # a database that was restored is older than the alarm: the home says it again, and it is news again
                del self._shown[alarm_id]

    def _show_unstored(self, home: HomeEntry, alarm_id: UUID, message: AlarmMessage) -> None:
        if alarm_id in self._shown:
            return
        elder_id = home.elder_of(message.device)
        code, name = home.elders.get(elder_id, (None, None)) if elder_id is not None else (None, None)
        alarm = BoardAlarm(
            alarm_id=alarm_id,
            gateway_id=home.gateway_id,
            state="at_centre",
            kind=message.kind.value,
            test=message.test,
            raised_at=message.raised_at,
            heard_at=self._clock.now(),
            elder_id=elder_id,
            elder_code=code,
            elder_name=name,
            home_code=home.home_code,
            address=home.address,
            door_note=home.door_note,
            time_zone=home.time_zone,
            region_id=home.region_id,
            stored=False,
        )
        self._unstored[alarm_id] = alarm
        self._messages[alarm_id] = message
        self._publish(laid_over(alarm, self._standing.get(alarm_id, [])), new=True)
        self.start(self._confirm(alarm_id))

    def _show_stored(self, alarm: BoardAlarm | None) -> None:
        if alarm is None:
            return
        self._unstored.pop(alarm.alarm_id, None)
        self._messages.pop(alarm.alarm_id, None)
        if (event := self._stored.pop(alarm.alarm_id, None)) is not None:
            event.set()
        self._show(alarm)

    def _show(self, alarm: BoardAlarm) -> None:
        """Publishes `alarm`, with what stands in the journal laid over it, where that is news."""
        before = self._shown.get(alarm.alarm_id)
        after = laid_over(alarm, self._standing.get(alarm.alarm_id, []))
        if before is None or _differ(before, after):
            self._publish(after, new=before is None and after.state == "at_centre")
        if alarm.alarm_id in self._unstored:
            self._unstored[alarm.alarm_id] = after

    def _publish(self, alarm: BoardAlarm, *, new: bool) -> None:
        self._shown[alarm.alarm_id] = alarm
        self._shown.move_to_end(alarm.alarm_id)
        while len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)
        self._hub.publish(LiveEvent("alarm", alarm.region_id, {**asdict(alarm), "at": alarm.heard_at, "new": new}))

    async def _confirm(self, alarm_id: UUID) -> None:
        """Looks for the row until it is there: an alarm that web heard again after a restart may be long closed."""
        for pause_s in (0.2, 1.0, 5.0, 15.0, 60.0):
            await asyncio.sleep(pause_s)
            if alarm_id not in self._unstored:
                return
            try:
                async with self._connection() as conn:
                    self._show_stored(await board_store.alarm(conn, alarm_id))
            except DatabaseAway:
                continue

    async def _learn_and_show(self, gateway_id: str, alarm_id: UUID, message: AlarmMessage) -> None:
        await self._learn(gateway_id)
        if gateway_id in self._homes:
            self.strangers.over(alarm_id)
            self._show_unstored(self._homes[gateway_id][1], alarm_id, message)
        else:
            self.strangers.heard(gateway_id, alarm_id, message)

    async def _learn(self, gateway_id: str) -> None:
        try:
            async with self._connection() as conn:
                entry = await store.home_of_gateway(conn, gateway_id, self._clock.now())
        except DatabaseAway:
            return
        if entry is not None:
            self._homes[gateway_id] = (asyncio.get_running_loop().time(), entry)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Runs `work` beside everything else; it ends with this process at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _kept_in(journal: DeskJournal) -> tuple[list[KeptAlarm], list[Act]]:
    return journal.kept_alarms(), journal.standing()


def _differ(before: BoardAlarm, after: BoardAlarm) -> bool:
    """Whether a page has to hear of it; when it was heard is not news."""
    return replace(before, heard_at=after.heard_at, raised_at=after.raised_at) != after
