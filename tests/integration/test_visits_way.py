"""Visits over real rows: from an alert, an alarm or a wish to the report and the elder's word."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from cloud.alarms import desk
from cloud.clock import Clock
from cloud.config import CloudConfig, Database, Visits
from cloud.db.pool import AsyncConnection, AsyncPool, create_async_pool
from cloud.detection.model import Priority
from cloud.errors import Conflict, NotFound
from cloud.visits import commands
from cloud.visits.dispatch import dispatch_for_alarm, follow_alerts
from cloud.visits.model import AnotherNurse, Report, Visit, VisitKind, VisitState
from cloud.visits.steps import StepNotAllowed
from cloud.visits.worker import work
from protocols.simulated_time import TimeScale
from tests.integration.care import NOW, Care, create_care, rows_of
from tests.integration.stage import running

pytestmark = pytest.mark.integration

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MORNING = NOW + 16 * HOUR
"""It is 18:00 at the homes: by then somebody is promised who is asked for today."""
PROMISES = Visits()
REPORT = Report(("measured_again_usual",), ("talked",), "all well", "right", date(2026, 11, 29))
LONG_S = 20


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_async_pool(database, "test", size=3) as opened:
        yield opened


@pytest.fixture
async def connection(pool: AsyncPool) -> AsyncIterator[AsyncConnection]:
    async with pool.connection() as opened:
        yield opened


def create_alert(database: str, care: Care, priority: str = "today", cause: str = "blood_pressure") -> int:
    ((alert_id,),) = rows_of(
        database,
        "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to) "
        "VALUES (%s, %s, %s, '[]', %s, %s, %s) RETURNING alert_id",
        care.elder_id,
        cause,
        priority,
        *[NOW] * 3,
    )
    with psycopg.connect(database) as connection:
        connection.execute("SELECT pg_notify('doorstep_alert', %s)", (str(alert_id),))
    return int(alert_id)


def create_alarm_row(database: str, elder_id: int | None) -> UUID:
    alarm_id = uuid4()
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at) "
            "VALUES (%s, 'gw-home-1', %s, 'personal_trigger', 'b', %s, %s)",
            (alarm_id, elder_id, NOW, NOW),
        )
    return alarm_id


def visits_of(database: str) -> list[tuple[object, ...]]:
    return rows_of(database, "SELECT kind, priority, state, promised_by, at_risk FROM visit ORDER BY visit_id")


async def propose(connection: AsyncConnection, database: str, care: Care, priority: str = "today") -> int:
    create_alert(database, care, priority)
    assert await follow_alerts(connection, NOW, PROMISES) == 1
    await connection.commit()
    return int(rows_of(database, "SELECT max(visit_id) FROM visit")[0][0])


async def test_the_whole_way(database: str, care: Care, connection: AsyncConnection) -> None:
    visit_id = await propose(connection, database, care)
    assert visits_of(database) == [("alert", "today", "proposed", MORNING, False)]
    accepted = await commands.accept(connection, visit_id, care.anna, NOW + MINUTE)
    assert (accepted.state, accepted.nurse_name, accepted.kind) == (VisitState.ACCEPTED, "Anna", VisitKind.ALERT)
    await commands.travel(connection, visit_id, care.anna, NOW + 2 * MINUTE)
    await commands.arrive(connection, visit_id, care.anna, NOW + 20 * MINUTE)
    filed = await commands.file_report(connection, visit_id, care.anna, REPORT, NOW + 40 * MINUTE)
    assert filed.state is VisitState.FILED
    assert rows_of(database, "SELECT state, verdict, verdict_by, verdict_at, closed_at FROM alert") == [
        ("closed", "right", care.anna, NOW + 40 * MINUTE, NOW + 40 * MINUTE)
    ]
    assert rows_of(database, "SELECT findings, actions, note, verdict, next_on FROM visit_report") == [
        (["measured_again_usual"], ["talked"], "all well", "right", date(2026, 11, 29))
    ]
    assessed = await commands.assess(connection, visit_id, care.elder_id, 4, "kind", NOW + HOUR)
    assert assessed.state is VisitState.ASSESSED
    await commands.assess(connection, visit_id, care.elder_id, 5, "very kind", NOW + HOUR)
    assert rows_of(database, "SELECT face, word FROM assessment") == [(5, "very kind")]
    steps = rows_of(
        database, "SELECT state, staff_id FROM visit_event WHERE visit_id = %s ORDER BY visit_event_id", visit_id
    )
    assert steps == [
        ("proposed", None),
        *[(state, care.anna) for state in ("accepted", "travelling", "at_the_door", "filed")],
        ("assessed", None),
        ("assessed", None),
    ]
    assert await follow_alerts(connection, NOW + HOUR, PROMISES) == 0  # a closed episode asks for nobody


async def test_a_double_tap_is_one_tap(database: str, care: Care, connection: AsyncConnection) -> None:
    visit_id = await propose(connection, database, care)
    acts: list[Callable[[], Awaitable[Visit]]] = [
        lambda: commands.accept(connection, visit_id, care.anna, NOW),
        lambda: commands.travel(connection, visit_id, care.anna, NOW),
        lambda: commands.arrive(connection, visit_id, care.anna, NOW),
        lambda: commands.file_report(connection, visit_id, care.anna, REPORT, NOW),
        lambda: commands.assess(connection, visit_id, care.elder_id, 4, "", NOW),
    ]
    for act in acts:
        assert await act() == await act()
    assert await acts[0]() == await acts[4]()  # a late one, too
    assert rows_of(database, "SELECT count(*) FROM visit_event WHERE visit_id = %s", visit_id) == [(6,)]
    with pytest.raises(Conflict, match="another report"):
        await commands.file_report(connection, visit_id, care.anna, Report((), ()), NOW)


async def test_of_two_nurses_exactly_one_has_it(database: str, care: Care, pool: AsyncPool) -> None:
    async with pool.connection() as connection:
        visit_id = await propose(connection, database, care)

    async def accept(staff_id: int) -> Visit:
        async with pool.connection() as connection:
            return await commands.accept(connection, visit_id, staff_id, NOW)

    for _ in range(20):
        results = await asyncio.gather(accept(care.anna), accept(care.boris), return_exceptions=True)
        (won,) = [one for one in results if isinstance(one, Visit)]
        (lost,) = [one for one in results if isinstance(one, AnotherNurse)]
        assert lost.name == won.nurse_name
        async with pool.connection() as connection:
            await commands.decline(connection, visit_id, won.nurse_id or 0, "car", NOW)


async def test_a_declined_visit_is_free_for_the_next(database: str, care: Care, connection: AsyncConnection) -> None:
    visit_id = await propose(connection, database, care)
    await commands.accept(connection, visit_id, care.anna, NOW)
    for _ in range(2):
        declined = await commands.decline(connection, visit_id, care.anna, "the car is broken", NOW)
        assert (declined.state, declined.nurse_id) == (VisitState.PROPOSED, None)
    taken = await commands.accept(connection, visit_id, care.boris, NOW)
    assert taken.nurse_name == "Boris"
    with pytest.raises(AnotherNurse, match="Boris has this visit"):
        await commands.decline(connection, visit_id, care.anna, "", NOW)
    notes = rows_of(database, "SELECT staff_id, note FROM visit_event WHERE state = 'declined'")
    assert notes == [(care.anna, "the car is broken")]


async def test_what_is_not_to_be_had(database: str, care: Care, connection: AsyncConnection) -> None:
    visit_id = await propose(connection, database, care)
    with pytest.raises(NotFound):
        await commands.accept(connection, 999, care.anna, NOW)
    with pytest.raises(StepNotAllowed):
        await commands.travel(connection, visit_id, care.anna, NOW)
    with pytest.raises(StepNotAllowed):
        await commands.assess(connection, visit_id, care.elder_id, 3, "", NOW)
    with pytest.raises(NotFound):
        await commands.assess(connection, visit_id, care.elder_id + 1, 3, "", NOW)
    with pytest.raises(ValueError, match="face"):
        await commands.assess(connection, visit_id, care.elder_id, 6, "", NOW)
    await commands.accept(connection, visit_id, care.anna, NOW)
    for act in (
        commands.travel(connection, visit_id, care.boris, NOW),
        commands.file_report(connection, visit_id, care.boris, REPORT, NOW),
    ):
        with pytest.raises(AnotherNurse):
            await act
    assert rows_of(database, "SELECT state FROM alert") == [("open",)]


async def test_an_alert_that_grows_hastens_its_visit(database: str, care: Care, connection: AsyncConnection) -> None:
    await propose(connection, database, care, "this_week")
    rows_of(database, "UPDATE alert SET priority = 'now' RETURNING 1")
    assert await follow_alerts(connection, NOW + HOUR, PROMISES) == 1
    assert await follow_alerts(connection, NOW + 2 * HOUR, PROMISES) == 0
    await connection.commit()
    assert visits_of(database) == [("alert", "now", "proposed", NOW + HOUR + 30 * MINUTE, False)]


async def test_an_alert_that_ended_by_itself_needs_nobody(
    database: str, care: Care, connection: AsyncConnection
) -> None:
    await propose(connection, database, care)
    rows_of(database, "UPDATE alert SET state = 'closed', closed_at = now() RETURNING 1")
    create_alert(database, care, cause="pulse")
    await follow_alerts(connection, NOW, PROMISES)
    await connection.commit()
    assert [row[2] for row in visits_of(database)] == ["cancelled", "proposed"]
    second = int(rows_of(database, "SELECT max(visit_id) FROM visit")[0][0])
    await commands.accept(connection, second, care.anna, NOW)
    rows_of(database, "UPDATE alert SET state = 'closed', closed_at = now() RETURNING 1")
    assert await follow_alerts(connection, NOW, PROMISES) == 0  # who has begun goes on


async def test_a_wish_is_one_visit(database: str, care: Care, connection: AsyncConnection) -> None:
    first = await commands.request(connection, care.elder_id, "shopping", NOW)
    same = await commands.request(connection, care.elder_id, "shopping", NOW + MINUTE)
    other = await commands.request(connection, care.elder_id, "unwell", NOW + 2 * MINUTE)
    assert first == same
    assert (other.visit_id, other.wish, other.priority) == (first.visit_id, "unwell", Priority.TODAY)
    await commands.accept(connection, first.visit_id, care.anna, NOW)
    await commands.file_report(connection, first.visit_id, care.anna, Report(("well",), ()), NOW)
    again = await commands.request(connection, care.elder_id, "company", NOW + HOUR)
    assert again.visit_id != first.visit_id
    notes = rows_of(database, "SELECT note FROM visit_event WHERE note <> '' ORDER BY visit_event_id")
    assert notes == [("shopping",), ("unwell",), ("company",)]


async def test_somebody_is_sent_to_an_alarm(database: str, care: Care, connection: AsyncConnection) -> None:
    alarm_id = create_alarm_row(database, care.elder_id)
    await desk.on_the_way(connection, alarm_id, care.desk, 8, NOW + MINUTE)
    for _ in range(2):
        visit = await dispatch_for_alarm(connection, alarm_id, care.desk, NOW + 2 * MINUTE)
        assert visit is not None
        assert (visit.state, visit.priority, visit.promised_by) == (
            VisitState.PROPOSED,
            Priority.NOW,
            NOW + 9 * MINUTE,
        )
    await desk.on_the_way(connection, alarm_id, care.desk, 15, NOW + 3 * MINUTE)
    later = await dispatch_for_alarm(connection, alarm_id, care.desk, NOW + 3 * MINUTE)
    assert later is not None
    assert later.promised_by == NOW + 18 * MINUTE
    assert len(visits_of(database)) == 1


async def test_a_nurse_who_answers_travels_herself(database: str, care: Care, connection: AsyncConnection) -> None:
    alarm_id = create_alarm_row(database, care.elder_id)
    await desk.on_the_way(connection, alarm_id, care.anna, 8, NOW)
    visit = await dispatch_for_alarm(connection, alarm_id, care.anna, NOW)
    assert visit is not None
    assert (visit.state, visit.nurse_name) == (VisitState.TRAVELLING, "Anna")


async def test_nobody_can_be_sent_to_nobody(database: str, care: Care, connection: AsyncConnection) -> None:
    alarm_id = create_alarm_row(database, None)
    await desk.take(connection, alarm_id, care.desk, NOW)
    assert await dispatch_for_alarm(connection, alarm_id, care.desk, NOW) is None
    await desk.close(connection, alarm_id, care.desk, "mistake", "", NOW)
    with pytest.raises(Conflict, match="closed"):
        await dispatch_for_alarm(connection, alarm_id, care.desk, NOW)


def test_the_running_stage_proposes_and_watches_the_promise(database: str, care: Care) -> None:
    config = CloudConfig(database=Database(dsn=database), visits=Visits(poll_s=60))
    started = datetime.now(UTC)
    fast = Clock(TimeScale(origin=NOW, started=started, speed=14400))  # 4 hours a second
    with (
        running(work, config, "visits", fast) as process,
        psycopg.connect(database, autocommit=True) as listening,
    ):
        listening.execute("LISTEN doorstep_visit")
        process.wait_until("database")
        threading.Thread(target=create_alert, args=(database, care), daemon=True).start()
        for _ in listening.notifies(timeout=LONG_S):
            if visits_of(database)[0][4]:
                break
    assert visits_of(database) == [("alert", "today", "assigned", MORNING, True)]


def test_an_accepted_visit_is_not_at_risk(database: str, care: Care) -> None:
    config = CloudConfig(database=Database(dsn=database), visits=Visits(poll_s=60))
    fast = Clock(TimeScale(origin=NOW, started=datetime.now(UTC), speed=3600))
    create_alert(database, care)
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'visits.at_risk'"
    with (
        running(work, config, "visits", fast) as process,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        process.wait_until("database")
        connection.execute("UPDATE visit SET state = 'accepted', nurse_id = %s", (care.anna,))
        done = threading.Event()
        for _ in range(LONG_S * 10):
            if rows_of(database, jobs) == [(0,)]:
                break
            done.wait(0.1)
        assert rows_of(database, jobs) == [(0,)]
    assert rows_of(database, "SELECT at_risk FROM visit") == [(False,)]
