"""The daily drill at the centre: a row and an answer, nothing on the board, and an alarm of its own where none came."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from cloud.alarms.drills import watch
from cloud.alarms.worker import work
from cloud.clock import Clock
from cloud.config import Broker, CloudConfig, Database
from cloud.db.pool import AsyncPool, create_async_pool
from cloud.local.broker import LocalBroker
from cloud.process import Process
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.simulated_time import TimeScale
from protocols.telemetry.messages import AlarmMessage
from tests.integration.care import Care, ListeningHome, create_alarm, create_care, rows_of
from tests.integration.stage import running

pytestmark = pytest.mark.integration


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
    async with create_async_pool(database, "test", size=2) as opened:
        yield opened


def create_drill() -> AlarmMessage:
    return AlarmMessage(alarm=str(uuid4()), kind=AlarmKind.DRILL, device="drill", raised_at=datetime.now(UTC))


def later(config: CloudConfig, by: timedelta) -> Process:
    """A process that lives so much later."""
    now = datetime.now(UTC)
    return Process("alarms", config, Clock(TimeScale(now + by, now, 1.0)))


async def test_drill_is_stored_and_answered_and_is_no_alarm(
    config: CloudConfig, database: str, home: ListeningHome
) -> None:
    drill, press = create_drill(), create_alarm()
    with running(work, config, "alarms") as process:
        await asyncio.to_thread(process.wait_until, "broker")
        for _ in range(2):
            home.press(drill)
            answer = await asyncio.to_thread(home.next_state)
            assert (answer.alarm, answer.state) == (drill.alarm, AlarmState.CLOSED)
        home.press(press)
        assert (await asyncio.to_thread(home.next_state)).alarm == press.alarm
    assert rows_of(database, "SELECT device FROM drill") == [("drill",)]
    assert rows_of(database, "SELECT kind FROM alarm") == [("personal_trigger",)]


async def test_home_that_does_not_drill_is_an_alarm_until_it_does(
    config: CloudConfig, database: str, home: ListeningHome, pool: AsyncPool
) -> None:
    rows_of(database, "UPDATE gateway SET heard_at = now() RETURNING gateway_id")
    rows_of(
        database,
        "INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, 'ble:button', 'emergency_button' "
        "FROM gateway ON CONFLICT (gateway_id, name) DO UPDATE SET kind = excluded.kind RETURNING device_id",
    )
    assert await watch.look(later(config, timedelta()), pool) == []
    assert await watch.look(later(config, timedelta(hours=26.9)), pool) == []
    assert len(await watch.look(later(config, timedelta(hours=27.1)), pool)) == 1
    assert await watch.look(later(config, timedelta(hours=60)), pool) == []  # one failure is one alarm
    assert rows_of(database, "SELECT kind, state FROM alarm") == [("drill_failed", "at_centre")]
    with running(work, config, "alarms") as process:
        await asyncio.to_thread(process.wait_until, "broker")
        drill = create_drill()
        home.press(drill)
        while (await asyncio.to_thread(home.next_state)).alarm != drill.alarm:
            pass
    assert rows_of(database, "SELECT state, close_reason FROM alarm") == [("closed", "cancelled")]
    assert await watch.look(later(config, timedelta(hours=26.9)), pool) == []
    assert len(await watch.look(later(config, timedelta(hours=27.1)), pool)) == 1


async def test_home_with_nothing_that_calls_is_not_expected_to_drill(
    config: CloudConfig, database: str, care: Care, pool: AsyncPool
) -> None:
    rows_of(database, "UPDATE gateway SET heard_at = now() RETURNING gateway_id")
    rows_of(database, "DELETE FROM device WHERE kind = 'emergency_button' RETURNING device_id")
    await watch.look(later(config, timedelta()), pool)
    assert await watch.look(later(config, timedelta(days=3)), pool) == []


async def test_old_drills_go_and_the_newest_stays(
    config: CloudConfig, database: str, care: Care, pool: AsyncPool
) -> None:
    for days in (200, 100, 95):
        rows_of(
            database,
            "INSERT INTO drill SELECT gen_random_uuid(), gateway_id, 'drill', now(), now() - %s::interval "
            "FROM gateway RETURNING drill_id",
            f"{days} days",
        )
    await watch.look(later(config, timedelta()), pool)
    assert rows_of(database, "SELECT now() - heard_at < interval '96 days' FROM drill") == [(True,)]
