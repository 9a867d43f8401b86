"""Gateways that fall silent, by their rows: the event is written, and ends by itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cloud.alarms.supervision.watch import Supervision
from cloud.clock import Clock
from cloud.config import CloudConfig
from cloud.db.pool import AsyncPool, create_async_pool
from cloud.process import Process
from cloud.readings.heartbeats.store import note_status
from protocols.telemetry.messages import PowerStatus, StatusMessage
from tests.cloud.web.community import Community, create_community, create_home
from tests.integration.care import rows_of

pytestmark = pytest.mark.integration


@pytest.fixture
def street(database: str) -> Community:
    """Eight homes of one street, none heard yet."""
    made = create_community(database)
    for number in range(4, 9):
        create_home(
            made, number, region="community", name=f"E{number}", born_on="1940-01-01", address="A", door_note="",
            link=f"l{number}",
        )  # fmt: skip
    return made


@pytest.fixture
async def supervision(database: str) -> AsyncIterator[Supervision]:
    """Somebody who has looked for a day."""
    process = Process("escalation", CloudConfig(), Clock())
    async with create_async_pool(database, "test", size=2) as pool:
        yield Supervision(process, pool, listening_since=datetime.now(UTC) - timedelta(days=1))


def say(dsn: str, gateway: str, status: StatusMessage) -> None:
    with psycopg.connect(dsn) as connection:
        assert note_status(connection, gateway, status)


def beat(dsn: str, *homes: int, power: PowerStatus | None = None) -> None:
    for home in homes:
        say(dsn, f"gw-home-{home}", StatusMessage(online=True, at=datetime.now(UTC), power=power))


def pass_time(dsn: str, seconds: float) -> None:
    """So long ago was everything that is noted."""
    rows_of(
        dsn,
        "UPDATE gateway SET noted_at = noted_at - make_interval(secs => %s) RETURNING gateway_id",
        seconds,
    )
    rows_of(dsn, "UPDATE silent_gateway SET since = since - make_interval(secs => %s) RETURNING gateway_id", seconds)


OPEN = "SELECT scope, cause FROM silence WHERE closed_at IS NULL ORDER BY cause"


async def test_home_that_falls_silent_is_an_event_with_its_cause_and_ends_when_it_is_heard(
    database: str, street: Community, supervision: Supervision
) -> None:
    beat(database, 1, 2, 3, 4, 5, 6, 7, 8, power=PowerStatus(mains=True))
    beat(database, 2, power=PowerStatus(mains=False))
    say(database, "gw-home-1", StatusMessage(online=False, at=datetime.now(UTC)))
    pass_time(database, 166)
    beat(database, 3, 4, 5, 6, 7, 8)
    await supervision.look()
    assert rows_of(database, OPEN) == [("home", "link_lost"), ("home", "power_lost")]
    await supervision.look()
    assert len(rows_of(database, "SELECT FROM silence")) == 2
    beat(database, 1, 2)
    await supervision.look()
    assert rows_of(database, OPEN) == []


async def test_street_without_power_is_one_event_and_who_never_spoke_is_not_in_it(
    database: str, street: Community, supervision: Supervision
) -> None:
    beat(database, 1, 2, 3, 4, 5, power=PowerStatus(mains=False))
    beat(database, 6, power=None)
    pass_time(database, 170)
    await supervision.look()
    assert rows_of(database, OPEN) == [("street", "power_lost")]
    assert rows_of(database, "SELECT count(*) FROM silent_gateway") == [(6,)]
    assert rows_of(database, "SELECT region_id FROM silence") == [(street.regions["street"],)]
    beat(database, 1, 2, 3, 4, 5, 6)
    await supervision.look()
    assert rows_of(database, OPEN) == []


async def test_last_will_that_comes_late_names_the_cause(
    database: str, street: Community, supervision: Supervision
) -> None:
    beat(database, 1)
    pass_time(database, 166)
    await supervision.look()
    assert rows_of(database, OPEN) == [("home", "unknown")]
    say(database, "gw-home-1", StatusMessage(online=False, at=datetime.now(UTC)))
    await supervision.look()
    assert rows_of(database, OPEN) == [("home", "link_lost")]


async def test_two_that_look_at_once_make_one_event(database: str, street: Community, supervision: Supervision) -> None:
    beat(database, 1)
    pass_time(database, 166)
    pool: AsyncPool = supervision._pool  # the second process of a centre
    other = Supervision(
        Process("escalation", CloudConfig(), Clock()), pool, listening_since=datetime.now(UTC) - timedelta(days=1)
    )
    await supervision.look()
    await other.look()
    assert len(rows_of(database, "SELECT FROM silence")) == 1
