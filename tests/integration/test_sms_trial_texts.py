"""A home whose test text does not come is an alarm of its own, until one comes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cloud.clock import Clock
from cloud.config import CloudConfig, Database
from cloud.db.pool import AsyncPool, create_async_pool
from cloud.process import Process
from cloud.sms_gateway import trial_texts
from cloud.sms_gateway.drawing import draw_key
from protocols.simulated_time import TimeScale
from tests.integration.care import GATEWAY, create_care, rows_of
from tests.integration.modems import HOME_NUMBER

pytestmark = pytest.mark.integration

STATES = "SELECT kind, state, close_reason FROM alarm ORDER BY raised_at"


@pytest.fixture
def home(database: str) -> str:
    """With a key for texts; the database."""
    create_care(database)
    with psycopg.connect(database, autocommit=True) as connection:
        draw_key(connection, GATEWAY, HOME_NUMBER)
    return database


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_async_pool(database, "test", size=2) as opened:
        yield opened


def after(home: str, days: float) -> Process:
    """A process that lives so much later."""
    now = datetime.now(UTC)
    config = CloudConfig(database=Database(dsn=home))
    return Process("sms-gateway", config, Clock(TimeScale(now + timedelta(days=days), now, 1.0)))


async def came(pool: AsyncPool, process: Process) -> None:
    async with pool.connection() as connection:
        await trial_texts.trial_came(connection, GATEWAY, process.clock.now())


async def test_a_home_is_given_its_time_then_it_is_one_alarm_until_a_test_comes(home: str, pool: AsyncPool) -> None:
    assert await trial_texts.look(after(home, 32), pool) == [], "the key was made 32 days ago"
    late = after(home, 34)
    assert await trial_texts.look(late, pool) == [GATEWAY]
    assert await trial_texts.look(late, pool) == [], "once"
    assert rows_of(home, STATES) == [("text_failed", "at_centre", None)]
    await came(pool, late)
    assert rows_of(home, STATES) == [("text_failed", "closed", "cancelled")]
    assert await trial_texts.look(after(home, 60), pool) == []
    assert await trial_texts.look(after(home, 68), pool) == [GATEWAY], "it is a failure of its own"


async def test_who_has_the_alarm_closes_it(home: str, pool: AsyncPool) -> None:
    late = after(home, 34)
    await trial_texts.look(late, pool)
    rows_of(home, "UPDATE alarm SET state = 'taken', taken_by = (SELECT min(staff_id) FROM staff), "
            "taken_at = now() RETURNING alarm_id")  # fmt: skip
    await came(pool, late)
    await came(pool, late)
    assert rows_of(home, STATES) == [("text_failed", "taken", None)]
    assert rows_of(home, "SELECT note FROM alarm_event WHERE note <> ''") == [("cancelled_at_home",)]
