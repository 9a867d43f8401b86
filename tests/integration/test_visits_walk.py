"""Any order of taps by two nurses, the desk, the elder and the centre against the real rows, beside a small model."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cloud.config import Visits
from cloud.db.pool import AsyncConnection, create_async_pool
from cloud.errors import Conflict
from cloud.visits import commands
from cloud.visits.asking import commands as asking
from cloud.visits.asking.policy import ask_nurses
from cloud.visits.following.follow_up import close_visits
from cloud.visits.model import Report, Visit, VisitState
from cloud.visits.steps import STEPS
from tests.integration.care import NOW, Care, create_care, rows_of

pytestmark = pytest.mark.integration

POLICY = Visits()
UNDER_WAY = ("travelling", "at_the_door", "no_answer")
NURSES = st.sampled_from(["anna", "boris"])
WHICH = st.sampled_from([0, 1])
TABLE = {(str(before), str(then)) for (before, _), then in STEPS.items()}


class Walk(RuleBasedStateMachine):
    """Two visits to one elder: an urgent one of an alert, and the elder's own wish."""

    dsn: ClassVar[str]
    care: ClassVar[Care]
    run: ClassVar[Callable[[Callable[[AsyncConnection], Awaitable[object]]], None]]

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.seen = 0
        rows_of(
            self.dsn,
            "WITH a AS (DELETE FROM visit_report), b AS (DELETE FROM assessment), c AS (DELETE FROM visit_event) "
            "DELETE FROM visit RETURNING 1",
        )
        self.visits = [
            int(row[0])
            for kind, wish, priority in (("request", "company", "today"), ("alarm", None, "now"))
            for row in rows_of(
                self.dsn,
                "INSERT INTO visit (elder_id, kind, wish, priority, asked_at, promised_by) "
                "VALUES (%s, %s, %s, %s, %s, %s) RETURNING visit_id",
                self.care.elder_id, kind, wish, priority, NOW, NOW + timedelta(hours=1),
            )
        ]  # fmt: skip
        self.states = dict.fromkeys(self.visits, "proposed")

    def act(self, what: Callable[[AsyncConnection], Awaitable[object]]) -> None:
        self.now += timedelta(minutes=1)
        type(self).run(what)

    @rule(nurse=NURSES, which=WHICH)
    def accept(self, nurse: str, which: int) -> None:
        self.act(lambda conn: commands.accept(conn, self.visits[which], getattr(self.care, nurse), self.now))

    @rule(nurse=NURSES, which=WHICH)
    def travel(self, nurse: str, which: int) -> None:
        self.act(lambda conn: commands.travel(conn, self.visits[which], getattr(self.care, nurse), self.now))

    @rule(nurse=NURSES, which=WHICH)
    def arrive(self, nurse: str, which: int) -> None:
        self.act(lambda conn: commands.arrive(conn, self.visits[which], getattr(self.care, nurse), self.now))

    @rule(nurse=NURSES, which=WHICH)
    def no_answer(self, nurse: str, which: int) -> None:
        self.act(lambda conn: commands.no_answer(conn, self.visits[which], getattr(self.care, nurse), "", self.now))

    @rule(nurse=NURSES, which=WHICH)
    def decline(self, nurse: str, which: int) -> None:
        self.act(lambda conn: commands.decline(conn, self.visits[which], getattr(self.care, nurse), "", self.now))

    @rule(which=WHICH)
    def hand_on(self, which: int) -> None:
        self.act(lambda conn: asking.hand_on(conn, self.visits[which], self.care.anna, self.care.boris, "", self.now))

    @rule(which=WHICH)
    def assign(self, which: int) -> None:
        self.act(lambda conn: asking.assign(conn, self.visits[which], self.care.desk, self.care.anna, self.now))

    @rule(nurse=NURSES, which=WHICH, next_on=st.sampled_from([None, date(2026, 11, 29)]))
    def file(self, nurse: str, which: int, next_on: date | None) -> None:
        report = Report(("well",), ("talked",), next_on=next_on)
        self.act(
            lambda conn: commands.file_report(conn, self.visits[which], getattr(self.care, nurse), report, self.now)
        )

    @rule(which=WHICH, face=st.integers(1, 5))
    def assess(self, which: int, face: int) -> None:
        self.act(lambda conn: commands.assess(conn, self.visits[which], self.care.elder_id, face, "", self.now))

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        self.act(lambda conn: commands.cancel(conn, self.visits[which], self.care.desk, "in hospital", self.now))

    @rule(minutes=st.sampled_from([0, 6, 60 * 49]))
    def time_goes_on(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.act(lambda conn: ask_nurses(conn, self.now, POLICY))
        self.act(lambda conn: close_visits(conn, self.now, POLICY))

    @invariant()
    def holds(self) -> None:
        rows = rows_of(self.dsn, "SELECT visit_id, state, nurse_id, priority FROM visit ORDER BY visit_id")
        there = {nurse for _, state, nurse, _ in rows if state in UNDER_WAY}
        assert len(there) <= 1, "two nurses are under way to one elder"
        promised = {
            nurse for _, state, nurse, priority in rows if priority != "now" and state in ("accepted", *UNDER_WAY)
        }
        assert len(promised) <= 1, "two nurses promised to come to one elder"
        events = rows_of(
            self.dsn,
            "SELECT visit_id, state, nurse_id, actor, staff_id FROM visit_event WHERE visit_event_id > %s "
            "ORDER BY visit_event_id", self.seen,
        )  # fmt: skip
        last = rows_of(self.dsn, "SELECT coalesce(max(visit_event_id), 0) FROM visit_event")
        self.seen = int(last[0][0])
        for visit, state, _, actor, staff in events:
            before = self.states.get(visit)
            after = {"declined": "proposed", "handed_on": "proposed"}.get(state, state)
            if before is not None and state not in ("declined", "handed_on", "proposed"):
                assert (before, after) in TABLE, f"no step leads from {before} to {after}"
            assert (actor == "staff") == (staff is not None)
            self.states[visit] = after
        for visit, state, nurse, _ in rows:
            assert self.states[visit] == state, "a step is missing in the history"
            assert (nurse is None) == (state == "proposed") or state == "cancelled"


@pytest.fixture
def walk(database: str) -> Iterator[type[Walk]]:
    with asyncio.Runner() as runner:
        pool = create_async_pool(database, "test", size=1)
        runner.run(pool.open())

        def run(what: Callable[[AsyncConnection], Awaitable[object]]) -> None:
            async def once() -> None:
                with suppress(Conflict):
                    async with pool.connection() as connection:
                        await what(connection)

            runner.run(once())

        yield type("WalkHere", (Walk,), {"dsn": database, "care": create_care(database), "run": staticmethod(run)})
        runner.run(pool.close())


def test_any_order_of_taps_keeps_the_rules(walk: type[Walk]) -> None:
    run_state_machine_as_test(
        walk,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


async def test_the_centre_asks_one_after_the_other(database: str) -> None:
    care = create_care(database)
    visit = int(
        rows_of(
            database,
            "INSERT INTO visit (elder_id, kind, wish, priority, asked_at, promised_by) "
            "VALUES (%s, 'request', 'unwell', 'now', %s, %s) RETURNING visit_id",
            care.elder_id, NOW, NOW + timedelta(minutes=30),
        )[0][0]
    )  # fmt: skip

    def standing() -> tuple[object, ...]:
        return rows_of(database, "SELECT state, nurse_id, at_risk FROM visit")[0]

    async with create_async_pool(database, "test", size=1) as pool, pool.connection() as connection:
        assert await ask_nurses(connection, NOW, POLICY) == 1
        assert await ask_nurses(connection, NOW, POLICY) == 0
        await connection.commit()
        assert standing() == ("assigned", care.anna, False)
        await commands.decline(connection, visit, care.anna, "the car is broken", NOW)
        assert await ask_nurses(connection, NOW, POLICY) == 1
        await connection.commit()
        assert standing() == ("assigned", care.boris, False)
        late = NOW + timedelta(minutes=6)
        assert await ask_nurses(connection, late, POLICY) == 2  # Boris said nothing, and nobody is left
        await connection.commit()
        assert standing() == ("proposed", None, True)
        assert await ask_nurses(connection, late, POLICY) == 0
        taken: Visit = await commands.accept(connection, visit, care.anna, late)
        assert taken.state is VisitState.ACCEPTED


async def test_two_go_where_two_were_asked_for(database: str) -> None:
    care = create_care(database)
    async with create_async_pool(database, "test", size=1) as pool, pool.connection() as connection:
        first = await commands.request(connection, care.elder_id, "washing", NOW)
        await commands.accept(connection, first.visit_id, care.anna, NOW)
        second = await asking.bring_second(connection, first.visit_id, care.anna, NOW)
        assert await asking.bring_second(connection, first.visit_id, care.anna, NOW) == second
        for visit, nurse in ((first, care.anna), (second, care.boris)):
            await commands.accept(connection, visit.visit_id, nurse, NOW)
            await commands.travel(connection, visit.visit_id, nurse, NOW)
        await commands.file_report(connection, first.visit_id, care.anna, Report(("well",), ()), NOW)
        other = await commands.request(connection, care.elder_id, "company", NOW)
        with pytest.raises(Conflict, match="Boris goes to this elder already"):
            await commands.accept(connection, other.visit_id, care.anna, NOW)


async def test_a_low_mark_and_a_report_have_somebody_come_again(database: str) -> None:
    care = create_care(database)
    follow_ups = (
        "SELECT wish, state, from_at, promised_by, follows_id FROM visit WHERE kind = 'follow_up' ORDER BY wish"
    )
    async with create_async_pool(database, "test", size=1) as pool, pool.connection() as connection:
        first = await commands.request(connection, care.elder_id, "washing", NOW)
        await commands.accept(connection, first.visit_id, care.anna, NOW)
        report = Report(("well",), (), next_on=date(2026, 11, 29))
        for _ in range(2):
            await commands.file_report(connection, first.visit_id, care.anna, report, NOW)
            await commands.assess(connection, first.visit_id, care.elder_id, 1, "too quick", NOW)
        await connection.commit()
        midnight = NOW.replace(day=28, hour=16)  # in Shanghai
        planned = ("next_visit", "proposed", midnight, midnight + timedelta(hours=18), first.visit_id)
        low = ("low_mark", "proposed", None, NOW + timedelta(hours=72), first.visit_id)
        assert rows_of(database, follow_ups) == [low, planned]
        await commands.assess(connection, first.visit_id, care.elder_id, 4, "", NOW)
        await connection.commit()
        assert [row[1] for row in rows_of(database, follow_ups)] == ["cancelled", "proposed"]
        assert await close_visits(connection, NOW + timedelta(hours=49), POLICY) == 1
        with pytest.raises(Conflict, match="closed"):
            await commands.assess(connection, first.visit_id, care.elder_id, 2, "", NOW)
