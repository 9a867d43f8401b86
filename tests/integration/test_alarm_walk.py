"""Home and centre walk together over a bad network: the home's journal and calls, the centre's reception, desk and rows
are the real ones; messages are lost, doubled, late and out of order. The home never says what the database does not."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from cloud.alarms import desk, store
from cloud.alarms.heard import CANCELLED_AT_HOME, store_alarm
from cloud.alarms.model import KeptAlarm
from cloud.clock import Clock
from cloud.errors import Conflict
from edge.alarm.call import Call, Meaning, PressRules
from edge.alarm.calls import Action, CallBeside, Calls, Journal, Publish, Show
from edge.alarm.journal import AlarmJournal
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage
from tests.integration.care import BUTTON, GATEWAY, Care, create_care

pytestmark = pytest.mark.integration

RULES = PressRules(same_press_s=3.0, cancel_within_s=60.0)
MOST_CALLS = 3
PLACE = st.integers(0, 1_000_000)
WHO = st.sampled_from(["anna", "boris", "desk"])
_UNTAKEN = {AlarmState.RAISED, AlarmState.SENT, AlarmState.STILL_TRYING, AlarmState.AT_CENTRE, AlarmState.CANCELLED}


class Walk(RuleBasedStateMachine):
    dsn: str
    care: Care

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.centre: psycopg.AsyncConnection[Any] = self.runner.run(
            psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
        )
        self.folder = tempfile.TemporaryDirectory()
        self.journal_path = Path(self.folder.name) / "alarm.db"
        self.journal = AlarmJournal(self.journal_path)
        self.now_s = 0.0
        self.counter = 0
        self.calls_made = 0
        self.to_centre: list[AlarmMessage] = []
        self.to_home: list[AlarmStateMessage] = []
        self.told: dict[str, AlarmState] = {}
        self.carried: set[str] = set()
        self.taken_back: set[str] = set()
        self.home_starts()

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.journal.close()
            self.folder.cleanup()
            self.runner.run(self.centre.close())
            self.runner.close()

    # the home

    @rule()
    def home_starts(self) -> None:
        self.calls = Calls(resend_s=3, no_answer_s=10)
        self.line_is_up = True
        self.do(self.calls.line_up(self.now_s))
        self.look()

    @rule()
    def power_is_cut(self) -> None:
        """Of the whole gateway: what it had in memory, and what it had just said, is gone."""
        self.journal.close()
        self.journal = AlarmJournal(self.journal_path)
        self.to_centre.clear()
        self.home_starts()

    def look(self) -> None:
        calls = self.journal.open_calls()
        for call in calls:
            assert call.cancelled is (call.alarm in self.taken_back), "what was taken back stays it, and that alone"
        self.do(self.calls.look(calls, self.now_s))

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Publish(message) | CallBeside(message):
                    self.to_centre.append(message)
                case Journal(call):
                    self.check_heard(call)
                    self.journal.move(call)
                case Show(call):
                    self.check(call.alarm, call.state)
                    self.told[call.alarm] = call.state
                case _:
                    pass

    def check(self, alarm: str, state: AlarmState) -> None:
        """What the home is told has happened, and takes nothing back."""
        events = self.rows("SELECT state FROM alarm_event WHERE alarm_id = %s", UUID(alarm))
        if state in (AlarmState.AT_CENTRE, AlarmState.TAKEN, AlarmState.ON_THE_WAY, AlarmState.CLOSED):
            assert (state.value,) in events
        if state is AlarmState.SENT:
            assert alarm in self.carried
        before = self.told.get(alarm)
        if before is not None and before not in _UNTAKEN:
            assert state not in _UNTAKEN, f"{before} became {state}"
        assert before is not AlarmState.CLOSED
        if before is AlarmState.CANCELLED:
            assert state not in _UNTAKEN - {AlarmState.CANCELLED}, f"taken back, and {state} again"

    def check_heard(self, call: Call) -> None:
        """The home rests only when the centre knows that the call is taken back."""
        if call.cancel_heard:
            notes = self.rows("SELECT note FROM alarm_event WHERE alarm_id = %s", UUID(call.alarm))
            assert (CANCELLED_AT_HOME,) in notes

    def press(self, *, long: bool, later_s: float, seen: bool = True) -> None:
        """`seen`: the alarm's process lives, and looks."""
        self.now_s += later_s
        self.counter += 1
        pressed = self.journal.press(
            BUTTON,
            AlarmKind.PERSONAL_TRIGGER,
            self.counter,
            raised_at=datetime.now(UTC),
            pressed_at_s=self.now_s,
            rules=RULES,
            long=long,
        )
        if pressed.meaning is Meaning.TAKES_BACK:
            self.taken_back.add(pressed.alarm)
        if seen:
            self.look()

    @precondition(lambda self: self.calls_made < MOST_CALLS)
    @rule(long=st.booleans(), later_s=st.sampled_from([1.0, 5.0, 70.0]))
    def elder_presses(self, long: bool, later_s: float) -> None:
        self.calls_made += 1
        self.press(long=long, later_s=later_s)

    @precondition(lambda self: self.calls_made)
    @rule(unheard=st.booleans())
    def elder_takes_it_back(self, unheard: bool) -> None:
        """`unheard`: the first word of it is lost, while answers to the call itself are still on their way."""
        self.press(long=True, later_s=5.0)
        if unheard:
            self.to_centre.clear()

    @precondition(lambda self: self.calls_made)
    @rule(power=st.booleans())
    def restart_as_it_is_taken_back(self, power: bool) -> None:
        """The press is on the disk, and whoever should say it to the centre dies before it does."""
        self.press(long=True, later_s=5.0, seen=False)
        if power:
            self.power_is_cut()
        else:
            self.home_starts()

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.look()

    @rule()
    def line_breaks(self) -> None:
        self.line_is_up = False
        self.do(self.calls.line_down(self.now_s))

    @rule()
    def line_returns(self) -> None:
        self.line_is_up = True
        self.do(self.calls.line_up(self.now_s))

    # the network

    @precondition(lambda self: self.to_centre)
    @rule(place=PLACE)
    def carrier_takes(self, place: int) -> None:
        alarm = self.to_centre[place % len(self.to_centre)].alarm
        self.carried.add(alarm)
        self.do(self.calls.carrier_has(alarm, self.now_s))

    @precondition(lambda self: self.to_centre)
    @rule(place=PLACE, again=st.booleans())
    def centre_hears(self, place: int, again: bool) -> None:
        message = self.to_centre[place % len(self.to_centre)]
        if not again:
            self.to_centre.remove(message)
        self.runner.run(self.hear(message))

    @precondition(lambda self: self.to_home)
    @rule(place=PLACE, again=st.booleans())
    def home_hears(self, place: int, again: bool) -> None:
        message = self.to_home[place % len(self.to_home)]
        if not again:
            self.to_home.remove(message)
        self.look()
        self.do(self.calls.centre_says(message))

    @precondition(lambda self: self.to_centre)
    @rule(place=PLACE)
    def call_is_lost(self, place: int) -> None:
        del self.to_centre[place % len(self.to_centre)]

    @precondition(lambda self: self.to_home)
    @rule(place=PLACE)
    def answer_is_lost(self, place: int) -> None:
        del self.to_home[place % len(self.to_home)]

    @rule(to_centre=st.booleans())
    def all_under_way_is_lost(self, to_centre: bool) -> None:
        """As when a connection breaks: the words that mattered most are lost together."""
        (self.to_centre if to_centre else self.to_home).clear()

    @precondition(lambda self: self.to_home)
    @rule()
    def home_hears_all(self) -> None:
        while self.to_home:
            self.home_hears(0, again=False)

    @precondition(lambda self: self.to_centre)
    @rule()
    def centre_hears_all(self) -> None:
        while self.to_centre:
            self.centre_hears(0, again=False)

    # the centre

    async def hear(self, message: AlarmMessage) -> None:
        kept = KeptAlarm(GATEWAY, message, datetime.now(UTC), None)
        if not await store_alarm(self.centre, kept, 60.0, Clock()):
            self.to_home.append((await store.newest_step(self.centre, UUID(message.alarm))).message)
        await self.tell()

    async def tell(self) -> None:
        steps = await store.untold(self.centre, 100)
        self.to_home += [step.message for step in steps]
        await store.mark_told(self.centre, [step.alarm_event_id for step in steps], datetime.now(UTC))

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        async def ask() -> list[tuple[Any, ...]]:
            return await (await self.centre.execute(query.encode(), values)).fetchall()

        return self.runner.run(ask())

    @rule(place=PLACE, who=WHO, act=st.sampled_from(["take", "travel", "close"]), minutes=st.integers(0, 30))
    def person_acts(self, place: int, who: str, act: str, minutes: int) -> None:
        mine = list(self.told)
        found = [row[0] for row in self.rows("SELECT alarm_id FROM alarm ORDER BY heard_at") if str(row[0]) in mine]
        if found:
            self.runner.run(self.act(found[place % len(found)], getattr(self.care, who), act, minutes))

    async def act(self, alarm: UUID, staff: int, act: str, minutes: int) -> None:
        now = datetime.now(UTC)
        try:
            if act == "take":
                await desk.take(self.centre, alarm, staff, now)
            elif act == "travel":
                await desk.on_the_way(self.centre, alarm, staff, minutes, now)
            else:
                await desk.close(self.centre, alarm, staff, "real", "", now)
        except Conflict:
            return  # somebody else has it, or it is closed
        await self.tell()

    # the end

    def settle(self) -> None:
        """A good network from now on. By itself the home tells all that the centre does not know; where answers were
        lost, the line was, and when it returns both agree on every call."""
        if not self.line_is_up:
            self.line_returns()
        for _ in range(3):
            self.now_s += 3
            self.look()
            self.deliver_all()
        for alarm in self.told:
            assert self.rows("SELECT count(*) FROM alarm WHERE alarm_id = %s", UUID(alarm)) == [(1,)]
        for call in self.journal.open_calls():
            notes = self.rows("SELECT note FROM alarm_event WHERE alarm_id = %s", UUID(call.alarm))
            assert not call.cancelled or (CANCELLED_AT_HOME,) in notes
        for alarm, who in self.rows("SELECT alarm_id, taken_by FROM alarm WHERE state = 'on_the_way'"):
            if str(alarm) in self.told:
                self.runner.run(self.act(alarm, who, "travel", 31))  # the road is closed: other minutes, the same state
        self.line_returns()
        self.deliver_all()
        for call in self.journal.open_calls():
            ((state, minutes),) = self.rows("SELECT state, minutes FROM alarm WHERE alarm_id = %s", UUID(call.alarm))
            assert (call.state.value, call.minutes) == (state, minutes)
            assert call.cancel_heard is call.cancelled

    def deliver_all(self) -> None:
        began_s = time.monotonic()
        while self.to_centre or self.to_home:
            assert time.monotonic() - began_s < 30, "they never come to an end"
            while self.to_centre:
                self.runner.run(self.hear(self.to_centre.pop(0)))
            while self.to_home:
                self.look()
                self.do(self.calls.centre_says(self.to_home.pop(0)))
            self.look()


def test_home_and_centre_agree_whatever_the_network_does(database: str) -> None:
    care = create_care(database)

    class WalkHere(Walk):
        dsn = database

    WalkHere.care = care
    run_state_machine_as_test(
        WalkHere,
        settings=settings(
            max_examples=45,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
