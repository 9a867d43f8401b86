"""A measurement that does not come, and who is silent, from what supervision and heartbeats left in the database."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from cloud.db.pool import Connection
from cloud.detection.limits import Limits, load_limits
from cloud.detection.worker import look_at_next, look_at_next_round
from tests.cloud.detection.conftest import LIMITS
from tests.integration.care import CUFF, GATEWAY, NOW, Care, create_care, create_readings, rows_of

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)
EVENING = NOW  # 18:00 at home
SILENCES = "SELECT reasons -> 0 -> 'detail' ->> 'silent', state FROM alert WHERE cause = 'silence'"


@pytest.fixture(scope="module")
def limits() -> Limits:
    return load_limits(LIMITS)


@pytest.fixture
def care(database: str, limits: Limits) -> Care:
    """Measured each morning until four days ago; a sound gateway."""
    care = create_care(database)
    mornings = [("systolic", 130.0 + day % 5, EVENING - day * DAY - timedelta(hours=10)) for day in range(4, 24)]
    create_readings(database, care, mornings)
    run(database, "UPDATE gateway SET noted_at = %s, heard_at = %s", EVENING, EVENING)
    run(database, "UPDATE device SET kind = 'sphygmomanometer' WHERE name = %s", CUFF)
    connection: Connection
    with psycopg.connect(database) as connection:
        assert look_at_next(connection, limits, EVENING - timedelta(hours=1))
        assert rows_of(database, SILENCES) == []
    return care


def run(database: str, query: str, *values: object) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(query.encode(), values)


def go_round(database: str, limits: Limits, days: float = 0.0) -> list[tuple[str, str]]:
    connection: Connection
    with psycopg.connect(database) as connection:
        run(database, "UPDATE detection_timer SET round_at = %s", EVENING)
        assert look_at_next_round(connection, limits, EVENING + days * DAY)
    return rows_of(database, SILENCES)


def silent(database: str, days_ago: float, until_days_ago: float | None) -> None:
    event = uuid4()
    since, until = EVENING - days_ago * DAY, None if until_days_ago is None else EVENING - until_days_ago * DAY
    run(
        database,
        "INSERT INTO silence (silence_id, scope, region_id, cause, since, raised_at, closed_at) "
        "SELECT %s, 'home', region_id, 'unknown', %s, %s, %s FROM home",
        event, since, since, until,
    )  # fmt: skip
    run(
        database,
        "INSERT INTO silent_gateway (silence_id, gateway_id, cause, since, left_at) VALUES (%s, %s, 'unknown', %s, %s)",
        event, GATEWAY, since, until,
    )  # fmt: skip


def test_a_person_who_stopped_and_begins_again(database: str, care: Care, limits: Limits) -> None:
    assert go_round(database, limits) == [("person", "open")]
    assert go_round(database, limits) == [("person", "open")]
    create_readings(database, care, [("systolic", 131.0, EVENING + timedelta(hours=1))])
    connection: Connection
    with psycopg.connect(database) as connection:
        assert look_at_next(connection, limits, EVENING + timedelta(hours=1, seconds=2))
    assert rows_of(database, SILENCES) == [("person", "closed")]


@pytest.mark.usefixtures("care")
def test_a_gateway_that_is_off_raises_no_missed_measurement(database: str, limits: Limits) -> None:
    silent(database, 3.5, None)
    assert go_round(database, limits) == []


@pytest.mark.usefixtures("care")
def test_a_heartbeat_that_nobody_missed_is_missed_here(database: str, limits: Limits) -> None:
    """Supervision was away itself."""
    run(database, "UPDATE gateway SET noted_at = %s", EVENING - 3.5 * DAY)
    assert go_round(database, limits) == []


@pytest.mark.usefixtures("care")
def test_days_without_a_gateway_do_not_count(database: str, limits: Limits) -> None:
    silent(database, 3.5, 0.5)
    assert go_round(database, limits) == []
    run(database, "UPDATE gateway SET noted_at = %s", EVENING + 3 * DAY)
    assert go_round(database, limits, days=3) == [("person", "open")]


@pytest.mark.usefixtures("care")
def test_a_meter_that_is_heard_and_tells_nothing(database: str, limits: Limits) -> None:
    said = f'{{"devices": [{{"device": "{CUFF}", "heard_at": "{(EVENING - DAY).isoformat()}"}}]}}'
    run(database, "UPDATE gateway SET status = %s::jsonb", said)
    assert go_round(database, limits) == [("device", "open")]


def test_a_plan_needs_no_habit(database: str, limits: Limits) -> None:
    care = create_care(database)
    create_readings(database, care, [("systolic", 130.0, EVENING - 5 * DAY)])
    run(database, "UPDATE gateway SET noted_at = %s", EVENING)
    connection: Connection
    with psycopg.connect(database) as connection:
        assert look_at_next(connection, limits, EVENING)
    assert go_round(database, limits) == []
    run(database, """UPDATE elder SET measures = '{"systolic": 2}'""")
    assert go_round(database, limits) == [("person", "open")]
