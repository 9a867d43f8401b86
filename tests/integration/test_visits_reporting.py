"""What is measured at the door is the elder's reading, once; what the elder says of a visit opens the next."""

from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from cloud.config import Visits
from cloud.db.pool import AsyncConnection, create_async_pool
from cloud.detection import store as detection
from cloud.detection.model import Verdict
from cloud.detection.outcomes import store as outcomes
from cloud.errors import Conflict
from cloud.visits import commands
from cloud.visits.model import MeasuredAtDoor, Report, VisitState
from protocols.reading import Metric
from tests.integration.care import NOW, Care, create_care, create_readings, rows_of

pytestmark = pytest.mark.integration

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MEASURED = (MeasuredAtDoor(Metric.SYSTOLIC, 176), MeasuredAtDoor(Metric.GLUCOSE, 90.1))
_READINGS = (
    "SELECT metric, value, measured_at, stored_at, flags, elder_id FROM reading WHERE device_id = 0 ORDER BY metric"
)


@pytest.fixture
def care(any_database: str) -> Care:
    return create_care(any_database)


@pytest.fixture
async def connection(any_database: str) -> AsyncIterator[AsyncConnection]:
    async with create_async_pool(any_database, "test", size=1) as pool, pool.connection() as opened:
        yield opened


async def arrive(connection: AsyncConnection, care: Care) -> int:
    """A wish of the elder, and the nurse at the door."""
    visit = await commands.request(connection, care.elder_id, "medicine", NOW)
    await commands.accept(connection, visit.visit_id, care.anna, NOW)
    await commands.arrive(connection, visit.visit_id, care.anna, NOW)
    return visit.visit_id


async def test_values_become_readings_once_and_reach_detection(
    any_database: str, care: Care, connection: AsyncConnection
) -> None:
    visit_id = await arrive(connection, care)
    report = Report((), (), measured=MEASURED, measured_at=NOW + 2 * MINUTE)
    filed, arrived = NOW + 5 * MINUTE, NOW + 90 * MINUTE  # there was no net
    for _ in range(2):
        await commands.file_report(connection, visit_id, care.anna, report, filed, arrived_at=arrived)
    await connection.commit()
    at = NOW + 2 * MINUTE
    assert rows_of(any_database, _READINGS) == [
        ("glucose", 90.1, at, arrived, ["by_nurse"], care.elder_id),
        ("systolic", 176.0, at, arrived, ["by_nurse"], care.elder_id),
    ]
    with psycopg.connect(any_database) as looking:
        seen = detection.observations(looking, care.elder_id, [Metric.SYSTOLIC], NOW - DAY)
        assert [(one.value, one.measured_at, one.arrived_at) for one in seen] == [(176.0, at, arrived)]
    assert rows_of(any_database, "SELECT elder_id, since FROM detection_due") == [(care.elder_id, at)]
    other = Report((), (), measured=MEASURED[:1])
    with pytest.raises(Conflict, match="another report"):
        await commands.file_report(connection, visit_id, care.anna, other, filed)


async def test_what_the_elders_own_meter_told_is_not_counted_again(
    any_database: str, care: Care, connection: AsyncConnection
) -> None:
    create_readings(any_database, care, [("systolic", 176.0, NOW + MINUTE)])
    visit_id = await arrive(connection, care)
    report = Report((), (), measured=MEASURED, measured_with="elders_meter")
    await commands.file_report(connection, visit_id, care.anna, report, NOW + 5 * MINUTE)
    await connection.commit()
    assert [row[0] for row in rows_of(any_database, _READINGS)] == ["glucose"]


async def test_the_second_complaint_has_somebody_come_today(
    any_database: str, care: Care, connection: AsyncConnection
) -> None:
    policy = Visits()
    found = []
    for day, face in ((0, 2), (3, 1), (200, 2)):
        now = NOW + day * DAY
        visit = await commands.request(connection, care.elder_id, "company", now)
        await commands.accept(connection, visit.visit_id, care.anna, now)
        await commands.file_report(connection, visit.visit_id, care.anna, Report((), ()), now)
        assessed = await commands.assess(connection, visit.visit_id, care.elder_id, face, "", now, policy=policy)
        assert assessed.state is VisitState.ASSESSED
        await connection.commit()
        found += rows_of(
            any_database,
            "SELECT wish, priority FROM visit WHERE follows_id = %s AND state = 'proposed'",
            visit.visit_id,
        )
    assert found == [("low_mark", "this_week"), ("complained_again", "today"), ("low_mark", "this_week")]


async def test_a_false_alert_that_the_elder_contests_moves_no_figure(
    any_database: str, care: Care, connection: AsyncConnection
) -> None:
    rows_of(
        any_database,
        "WITH a AS (INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to) "
        "VALUES (%s, 'blood_pressure', 'today', '[{\"rule\": \"r\", \"metric\": \"systolic\"}]', %s, %s, %s) "
        "RETURNING alert_id, elder_id) INSERT INTO visit (elder_id, alert_id, kind, priority, asked_at, promised_by) "
        "SELECT elder_id, alert_id, 'alert', 'today', %s, %s FROM a RETURNING 1",
        care.elder_id, *[NOW] * 5,
    )  # fmt: skip
    ((visit_id,),) = rows_of(any_database, "SELECT visit_id FROM visit")
    await commands.accept(connection, visit_id, care.anna, NOW)
    await commands.file_report(connection, visit_id, care.anna, Report((), (), verdict="false"), NOW)
    await connection.commit()
    with psycopg.connect(any_database) as looking:
        assert [one.verdict for one in outcomes.judged(looking, care.elder_id, NOW - DAY)] == [Verdict.FALSE]
    rows_of(any_database, "DELETE FROM detection_due RETURNING 1")
    await commands.assess(connection, visit_id, care.elder_id, 1, "nobody listened", NOW)
    await connection.commit()
    with psycopg.connect(any_database) as looking:
        assert outcomes.judged(looking, care.elder_id, NOW - DAY) == []
    assert rows_of(any_database, "SELECT elder_id FROM detection_due") == [(care.elder_id,)]


async def test_a_wish_is_taken_back_until_somebody_accepted_it(
    any_database: str, care: Care, connection: AsyncConnection
) -> None:
    await commands.request(connection, care.elder_id, "company", NOW)
    assert await commands.take_back(connection, care.elder_id, NOW)
    assert not await commands.take_back(connection, care.elder_id, NOW)
    again = await commands.request(connection, care.elder_id, "company", NOW)
    await commands.accept(connection, again.visit_id, care.anna, NOW)
    assert not await commands.take_back(connection, care.elder_id, NOW)
    await connection.commit()
    assert rows_of(any_database, "SELECT actor, note FROM visit_event WHERE state = 'cancelled'") == [
        ("elder", "taken_back")
    ]
