"""The alarm's whole way at the centre: broker -> row -> desk -> broker, with a real broker and database."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from cloud.alarms import desk
from cloud.alarms.model import Alarm, CloseReason, HeldByAnother
from cloud.alarms.worker import work
from cloud.clock import Clock
from cloud.config import Alarms, Broker, CloudConfig, Database
from cloud.db.pool import AsyncPool, create_async_pool
from cloud.errors import Conflict, NotFound
from cloud.local.broker import LocalBroker
from protocols.alarm.states import AlarmState
from protocols.simulated_time import TimeScale
from tests.integration.care import Care, ListeningHome, create_alarm, create_care, rows_of
from tests.integration.stage import running

pytestmark = pytest.mark.integration

LONG_S = 20


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


@pytest.fixture
def config(database: str, broker: LocalBroker) -> CloudConfig:
    return CloudConfig(database=Database(dsn=database), broker=Broker(url=broker.url))


@pytest.fixture
def home(broker: LocalBroker, care: Care) -> Iterator[ListeningHome]:
    with ListeningHome(broker.url) as listening:
        yield listening


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_async_pool(database, "test", size=3) as opened:
        yield opened


def state_of(database: str, alarm: str) -> tuple[str, bool]:
    return rows_of(database, "SELECT state, overdue FROM alarm WHERE alarm_id = %s", alarm)[0]


def all_told(database: str) -> None:
    """Once the home has heard it is noted that it has; a centre that ends in between tells it again."""
    deadline = time.monotonic() + LONG_S
    while rows_of(database, "SELECT count(*) FROM alarm_event WHERE told_home_at IS NULL") != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_a_press_is_stored_told_and_answered(
    config: CloudConfig, database: str, care: Care, home: ListeningHome, pool: AsyncPool
) -> None:
    message = create_alarm()
    with running(work, config, "alarms") as process:
        await asyncio.to_thread(process.wait_until, "broker")
        home.press(message)
        told = await asyncio.to_thread(home.next_state)
        assert (told.alarm, told.state, told.by) == (message.alarm, AlarmState.AT_CENTRE, None)
        ((elder, state, heard_at),) = rows_of(database, "SELECT elder_id, state, heard_at FROM alarm")
        assert (elder, state) == (care.elder_id, "at_centre")
        assert told.at == heard_at

        alarm_id, now = UUID(message.alarm), datetime.now(UTC)
        async with pool.connection() as connection:
            await desk.take(connection, alarm_id, care.desk, now)
        told = await asyncio.to_thread(home.next_state)
        assert (told.state, told.by) == (AlarmState.TAKEN, "Dora")
        async with pool.connection() as connection:
            await desk.on_the_way(connection, alarm_id, care.desk, 8, now)
            await desk.on_the_way(connection, alarm_id, care.desk, 8, now)  # a double tap
        told = await asyncio.to_thread(home.next_state)
        assert (told.state, told.minutes) == (AlarmState.ON_THE_WAY, 8)
        async with pool.connection() as connection:
            closed = await desk.close(connection, alarm_id, care.desk, "real", "fell, is well", now)
        assert (closed.state, closed.close_reason) == (AlarmState.CLOSED, CloseReason.REAL)
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.CLOSED

        home.press(message)  # the home asks again: one alarm, its newest state
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.CLOSED
    events = rows_of(database, "SELECT state, told_home_at IS NOT NULL FROM alarm_event ORDER BY alarm_event_id")
    assert events == [("at_centre", True), ("taken", True), ("on_the_way", True), ("closed", True)]


async def test_of_two_desks_exactly_one_takes_it(database: str, care: Care, pool: AsyncPool) -> None:
    for _ in range(20):
        alarm_id = uuid4()
        with psycopg.connect(database) as connection:
            connection.execute(
                "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at) "
                "VALUES (%s, 'gw-home-1', %s, 'personal_trigger', 'b', now(), now())",
                (alarm_id, care.elder_id),
            )

        async def take(staff_id: int, alarm_id: UUID = alarm_id) -> Alarm:
            async with pool.connection() as connection:
                return await desk.take(connection, alarm_id, staff_id, datetime.now(UTC))

        results = await asyncio.gather(take(care.desk), take(care.anna), return_exceptions=True)
        won = [one for one in results if isinstance(one, Alarm)]
        lost = [one for one in results if isinstance(one, HeldByAnother)]
        assert (len(won), len(lost)) == (1, 1)
        assert lost[0].name == won[0].taken_by_name
        again = await take(won[0].taken_by or 0)
        assert again == won[0]
        assert rows_of(database, "SELECT count(*) FROM alarm_event WHERE alarm_id = %s", alarm_id) == [(1,)]


async def test_what_a_desk_may_not(database: str, care: Care, pool: AsyncPool) -> None:
    alarm_id, now = uuid4(), datetime.now(UTC)
    async with pool.connection() as connection:
        with pytest.raises(NotFound):
            await desk.take(connection, alarm_id, care.desk, now)
        await connection.execute(
            "INSERT INTO alarm (alarm_id, gateway_id, kind, device, raised_at, heard_at) "
            "VALUES (%s, 'gw-home-1', 'personal_trigger', 'b', now(), now())",
            (alarm_id,),
        )
        await desk.on_the_way(connection, alarm_id, care.anna, 5, now)  # takes it, too
        for act in (
            desk.take(connection, alarm_id, care.desk, now),
            desk.on_the_way(connection, alarm_id, care.desk, 5, now),
            desk.close(connection, alarm_id, care.desk, "mistake", "", now),
        ):
            with pytest.raises(HeldByAnother, match="Anna has this alarm"):
                await act
        with pytest.raises(ValueError, match="minutes"):
            await desk.on_the_way(connection, alarm_id, care.anna, -1, now)
        await desk.close(connection, alarm_id, care.anna, "mistake", "", now)
        await desk.close(connection, alarm_id, care.anna, "mistake", "", now)
        with pytest.raises(Conflict, match="closed by Anna"):
            await desk.close(connection, alarm_id, care.anna, "real", "", now)
        with pytest.raises(Conflict, match="closed by Anna"):
            await desk.take(connection, alarm_id, care.desk, now)


async def test_a_restart_tells_the_home_what_was_untold(
    config: CloudConfig, care: Care, home: ListeningHome, pool: AsyncPool
) -> None:
    message = create_alarm()
    with running(work, config, "alarms") as process:
        await asyncio.to_thread(process.wait_until, "broker")
        home.press(message)
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.AT_CENTRE
        await asyncio.to_thread(all_told, config.database.dsn)
    async with pool.connection() as connection:  # the web goes on while the worker is down
        await desk.take(connection, UUID(message.alarm), care.desk, datetime.now(UTC))
        await desk.on_the_way(connection, UUID(message.alarm), care.desk, 12, datetime.now(UTC))
    assert home.is_silent()
    with running(work, config, "alarms"):
        heard = [await asyncio.to_thread(home.next_state) for _ in range(2)]
    assert [one.state for one in heard] == [AlarmState.TAKEN, AlarmState.ON_THE_WAY]
    assert home.is_silent()


async def test_a_press_while_the_broker_restarts_is_told_later(
    config: CloudConfig, broker: LocalBroker, home: ListeningHome, care: Care, pool: AsyncPool
) -> None:
    message = create_alarm()
    with running(work, config, "alarms") as process:
        await asyncio.to_thread(process.wait_until, "broker")
        home.press(message)
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.AT_CENTRE
        await asyncio.to_thread(broker.kill)
        async with pool.connection() as connection:
            await desk.take(connection, UUID(message.alarm), care.desk, datetime.now(UTC))
        await asyncio.to_thread(broker.restart)
        # the home may subscribe after the centre has told it: then it asks, as a gateway does
        await asyncio.to_thread(home.wait_connected)
        home.press(message)
        assert (await asyncio.to_thread(home.next_state, LONG_S)).state is AlarmState.TAKEN
    await asyncio.to_thread(all_told, config.database.dsn)


async def test_nobody_took_it_in_time(database: str, broker: LocalBroker, home: ListeningHome, care: Care) -> None:
    config = CloudConfig(
        database=Database(dsn=database), broker=Broker(url=broker.url), alarms=Alarms(take_within_s=60)
    )
    started = datetime.now(UTC)
    fast = Clock(TimeScale(origin=datetime(2026, 11, 22, 7, 0, tzinfo=UTC), started=started, speed=60))
    message = create_alarm()
    with running(work, config, "alarms", fast) as process, psycopg.connect(database, autocommit=True) as connection:
        connection.execute("LISTEN doorstep_alarm")
        await asyncio.to_thread(process.wait_until, "broker")
        home.press(message)
        await asyncio.to_thread(home.next_state)
        for _ in connection.notifies(timeout=LONG_S):
            if state_of(database, message.alarm) == ("at_centre", True):
                break
        assert state_of(database, message.alarm) == ("at_centre", True)
    assert datetime.now(UTC) - started < timedelta(seconds=LONG_S)
    assert rows_of(database, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]


async def test_the_home_takes_it_back(
    config: CloudConfig, database: str, care: Care, home: ListeningHome, pool: AsyncPool
) -> None:
    untaken, taken = create_alarm(), create_alarm()
    with running(work, config, "alarms") as process:
        await asyncio.to_thread(process.wait_until, "broker")
        home.press(untaken)
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.AT_CENTRE
        home.press(create_alarm(alarm=untaken.alarm, cancelled=True))
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.CLOSED
        home.press(taken)
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.AT_CENTRE
        async with pool.connection() as connection:
            await desk.take(connection, UUID(taken.alarm), care.desk, datetime.now(UTC))
        assert (await asyncio.to_thread(home.next_state)).state is AlarmState.TAKEN
        for _ in range(2):
            home.press(create_alarm(alarm=taken.alarm, cancelled=True))
            assert (await asyncio.to_thread(home.next_state)).state is AlarmState.TAKEN
    assert rows_of(database, "SELECT state, close_reason FROM alarm WHERE alarm_id = %s", untaken.alarm) == [
        ("closed", "cancelled")
    ]
    notes = rows_of(database, "SELECT state FROM alarm_event WHERE alarm_id = %s AND note <> ''", taken.alarm)
    assert notes == [("taken",)]


async def test_a_bad_letter_is_kept_and_stops_nothing(
    config: CloudConfig, database: str, broker: LocalBroker, home: ListeningHome
) -> None:
    message = create_alarm()
    with running(work, config, "alarms") as process, ListeningHome(broker.url, gateway="gw-unknown") as stranger:
        await asyncio.to_thread(process.wait_until, "broker")
        home.send(b"\x00 no alarm")
        stranger.press(create_alarm())
        home.press(message)
        assert (await asyncio.to_thread(home.next_state)).alarm == message.alarm
        stranger.press(create_alarm(alarm=message.alarm))  # another home's alarm
        home.press(message)
        assert (await asyncio.to_thread(home.next_state)).alarm == message.alarm
    letters = rows_of(database, "SELECT topic, payload, reason FROM dead_letter ORDER BY dead_letter_id")
    assert [row[0] for row in letters] == [f"doorstep/v1/{name}/alarm" for name in ("gw-home-1", *["gw-unknown"] * 2)]
    assert letters[0][1] == b"\x00 no alarm"
    assert "not a AlarmMessage" in letters[0][2]
    assert "gw-unknown is not registered" in letters[1][2]
    assert "another gateway" in letters[2][2]
    assert rows_of(database, "SELECT count(*) FROM alarm") == [(1,)]
