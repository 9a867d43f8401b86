"""Six homes and two nurses whose routes are planned over real rows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cloud.config import CloudConfig, Database, Visits
from cloud.db.pool import AsyncConnection, AsyncPool, create_async_pool
from cloud.routes_config import Routes
from cloud.visits.dispatch import follow_alerts
from cloud.visits.routes.planner import Planner
from tests.integration.care import Care, create_care, rows_of

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""10:00 at the homes."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database: str) -> Care:
    made = create_care(database)
    with psycopg.connect(database) as connection:  # five more homes
        connection.execute("UPDATE home SET latitude = 32.06, longitude = 118.78")
        connection.execute("UPDATE region SET latitude = 32.05, longitude = 118.77")
        connection.execute(
            "INSERT INTO home (code, region_id, address, latitude, longitude) SELECT 'x' || n, region_id, 'B ' || n, "
            "32.06 + n * 0.004, 118.78 - n * 0.003 FROM home, generate_series(1, 5) AS n WHERE code = 'h1'"
        )
        connection.execute(
            "INSERT INTO elder (code, home_id, name) SELECT code, home_id, 'Elder ' || code FROM home "
            "WHERE code LIKE 'x%'"
        )
    return made


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_async_pool(database, "test", size=4) as opened:
        yield opened


@pytest.fixture
async def connection(pool: AsyncPool) -> AsyncIterator[AsyncConnection]:
    async with pool.connection() as opened:
        yield opened


@pytest.fixture
def config(database: str) -> CloudConfig:
    return CloudConfig(database=Database(dsn=database), routes=Routes(search_s=0.1))


@pytest.fixture
def planner(config: CloudConfig) -> Planner:
    return Planner(config)


def create_alerts(database: str, *priorities: str, cause: str = "pulse") -> None:
    """One each of the further homes, in their order."""
    with psycopg.connect(database) as connection:
        for number, priority in enumerate(priorities, 1):
            connection.execute(
                "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to) "
                "SELECT elder_id, %s, %s, '[]', %s, %s, %s FROM elder WHERE code = %s",
                (cause, priority, NOW, NOW, NOW, f"x{number}"),
            )


def stops_of(database: str) -> list[tuple[int, int, str]]:
    return rows_of(
        database,
        "SELECT visit_id, r.nurse_id, to_char(arrives_at AT TIME ZONE 'UTC', 'DD HH24:MI') "
        "FROM route_stop JOIN route r USING (route_id) ORDER BY visit_id",
    )


def assert_whole(database: str) -> None:
    """Every open visit stands in a route or is said to be in none, and what was asked fits the route."""
    assert (
        rows_of(
            database,
            "SELECT v.visit_id FROM visit v LEFT JOIN route_stop s USING (visit_id) "
            "LEFT JOIN unplanned u USING (visit_id) WHERE v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled') "
            "AND (s.visit_id IS NULL) = (u.visit_id IS NULL)",
        )
        == []
    )
    assert (
        rows_of(
            database,
            "SELECT v.visit_id FROM visit v JOIN route_stop USING (visit_id) JOIN route r USING (route_id) "
            "WHERE v.state IN ('assigned', 'accepted') AND v.nurse_id <> r.nurse_id",
        )
        == []
    )


async def propose(connection: AsyncConnection, database: str, *priorities: str) -> None:
    create_alerts(database, *priorities)
    await follow_alerts(connection, NOW, Visits())
