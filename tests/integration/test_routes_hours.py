"""Days off and evenings over real rows: what is left behind goes on to others, what is promised can be kept."""

import psycopg
import pytest

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.visits import commands
from cloud.visits.absences import store as absences
from cloud.visits.absences.going_on import free_left_behind
from cloud.visits.dispatch import follow_alerts
from cloud.visits.dispatching.commands import pin
from cloud.visits.routes.planner import Planner
from tests.integration.care import Care, rows_of
from tests.integration.routes_street import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    assert_whole,
    care,
    config,
    connection,
    create_alerts,
    planner,
    pool,
    propose,
    stops_of,
)

__all__ = ["care", "config", "connection", "planner", "pool"]  # fixtures
pytestmark = pytest.mark.integration


async def test_what_a_nurse_leaves_behind_on_her_days_off_goes_on_to_others(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE staff SET on_duty = false WHERE login = 'boris'")
    await propose(connection, database, "today", "today", "today")
    await planner.follow(connection, NOW)
    accepted, travelling, pinned = (stop[0] for stop in stops_of(database))
    await commands.accept(connection, accepted, care.anna, NOW)
    await commands.accept(connection, travelling, care.anna, NOW)
    await commands.travel(connection, travelling, care.anna, NOW)
    await pin(connection, pinned, care.desk, care.anna, None, "she knows him", NOW)
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE staff SET on_duty = true")
        alone.execute("UPDATE visit SET promised_by = %s WHERE visit_id = %s", (NOW + 31 * MINUTE, accepted))
    assert await free_left_behind(connection, NOW + MINUTE) == 0

    today = (NOW + 8 * HOUR).date()
    await absences.put(connection, care.anna, today, today, care.desk, NOW + 30 * MINUTE)
    assert await absences.put(connection, care.anna, today - DAY, today + DAY, care.desk, NOW + 30 * MINUTE) is None
    assert await free_left_behind(connection, NOW + 30 * MINUTE) == 2
    assert await free_left_behind(connection, NOW + 30 * MINUTE) == 0
    await planner.follow(connection, NOW + 30 * MINUTE)
    assert_whole(database)
    nurses = {visit: nurse for visit, nurse, _ in stops_of(database)}
    assert nurses == {accepted: care.boris, pinned: care.boris, travelling: care.anna}
    told = "SELECT why, promised_by > promised_before FROM visit_moved WHERE visit_id = %s"
    assert rows_of(database, told, accepted) == [("away", True)]
    assert rows_of(database, "SELECT state, pinned_to FROM visit WHERE visit_id = %s", pinned) == [("assigned", None)]

    await commands.accept(connection, accepted, care.anna, NOW + 40 * MINUTE)  # she comes although she is off
    assert await free_left_behind(connection, NOW + 41 * MINUTE) == 0
    assert not await absences.take_back(connection, care.boris, today)
    assert await absences.take_back(connection, care.anna, today)


async def test_what_comes_in_the_evening_is_promised_for_the_morning(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    evening, morning = NOW + 10 * HOUR, NOW + DAY  # 20:00 and 10:00 at the homes
    create_alerts(database, "today", "today", "now")
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE alert SET raised_at = %s", (evening,))
        alone.execute("""UPDATE alert SET reasons = '[{"rule": "x", "floor": true}]' WHERE alert_id = 2""")
    await follow_alerts(connection, evening, Visits())
    promised = dict(rows_of(database, "SELECT alert_id, promised_by FROM visit"))
    assert promised == {1: morning, 2: evening + 4 * HOUR, 3: evening + HOUR / 2}
    asked = await commands.request(connection, care.elder_id, "company", evening)
    assert asked.promised_by == morning
    await planner.follow(connection, evening)
    assert_whole(database)
    late = "SELECT alert_id FROM visit JOIN route_stop USING (visit_id) WHERE arrives_at > promised_by"
    assert rows_of(database, late) == [(2,)]  # a floor stays promised, and is shown as at risk
