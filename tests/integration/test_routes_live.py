"""Routes over real rows: planned once, never lost, told when they change, and gone on with after anything."""

import asyncio
from datetime import UTC, datetime, time

import psycopg
import pytest

from cloud.config import CloudConfig, Visits
from cloud.db.listen import Wake
from cloud.db.names import ALARM, ALERT, VISIT
from cloud.db.pool import AsyncConnection, AsyncPool
from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.routes_config import Routes
from cloud.visits import commands
from cloud.visits.asked.commands import Asked, ask_for
from cloud.visits.asking.commands import bring_second
from cloud.visits.dispatch import follow_alerts
from cloud.visits.dispatching.commands import pin, unpin
from cloud.visits.model import Report
from cloud.visits.regular import store as regular
from cloud.visits.regular.making import Rhythms
from cloud.visits.routes.planner import Planner
from cloud.visits.routes.told import regions_told
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


async def test_alerts_are_somebodys_at_once_and_planning_again_changes_nothing(
    database: str, care: Care, connection: AsyncConnection, config: CloudConfig, planner: Planner
) -> None:
    await propose(connection, database, "today", "this_week", "now", "today")
    (visit_id,), *_ = rows_of(database, "SELECT visit_id FROM visit")
    (alert_id,), *_ = rows_of(database, "SELECT alert_id FROM alert")
    everywhere = await regions_told(connection, [Wake(VISIT, str(visit_id)), Wake(ALERT, str(alert_id))])
    assert everywhere == frozenset(region for (region,) in rows_of(database, "SELECT region_id FROM home"))
    assert await regions_told(connection, [Wake(ALARM, "")]) is None
    assert await planner.follow(connection, NOW, seen=frozenset()) == 0
    assert await planner.follow(connection, NOW, seen=everywhere) == 4
    assert_whole(database)
    assert rows_of(database, "SELECT DISTINCT state FROM visit") == [("assigned",)]
    assert rows_of(database, "SELECT count(*) FROM visit WHERE answer_by IS NOT NULL") == [(1,)]
    before = stops_of(database)
    assert len(before) == 4
    assert await planner.follow(connection, NOW) == 0  # nothing changed
    assert await Planner(config).follow(connection, NOW) == 0  # nor does a process that begins anew
    assert stops_of(database) == before


async def test_a_planner_that_is_killed_leaves_nothing_half(
    database: str, care: Care, pool: AsyncPool, config: CloudConfig, planner: Planner
) -> None:
    async with pool.connection() as connection:
        await propose(connection, database, "today", "today", "this_week")

    async def follow_for_a_second() -> None:
        async with asyncio.timeout(1.0), pool.connection() as connection:
            await planner.follow(connection, NOW)

    with psycopg.connect(database) as locks:
        locks.execute("LOCK TABLE route_stop IN SHARE MODE")  # it may read, and stands in the middle of its writing
        with pytest.raises(TimeoutError):
            await follow_for_a_second()
    assert stops_of(database) == []
    async with pool.connection() as connection:
        assert await Planner(config).follow(connection, NOW) == 3
    assert_whole(database)


async def test_two_planners_at_once_plan_nothing_twice(
    database: str, care: Care, pool: AsyncPool, config: CloudConfig
) -> None:
    async def follow() -> int:
        async with pool.connection() as connection:
            return await Planner(config).follow(connection, NOW)

    async with pool.connection() as connection:
        await propose(connection, database, "today", "now", "this_week", "today", "today")
    await asyncio.gather(follow(), follow(), follow())
    await follow()
    assert_whole(database)
    assert (
        rows_of(
            database, "SELECT visit_id FROM visit_event WHERE state = 'assigned' GROUP BY visit_id HAVING count(*) > 1"
        )
        == []
    )


async def test_an_urgent_visit_comes_between_and_who_is_displaced_is_told(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE staff SET on_duty = false WHERE login = 'boris'")
    await propose(connection, database, "today", "today", "today")
    await planner.follow(connection, NOW)
    first = min(stops_of(database), key=lambda stop: stop[2])[0]
    with psycopg.connect(database) as alone:  # its promise just held
        alone.execute("UPDATE visit SET promised_by = %s WHERE visit_id = %s", (NOW + 20 * MINUTE, first))
    await planner.follow(connection, NOW)
    create_alerts(database, *["this_week"] * 3, "now", cause="blood_pressure")
    await follow_alerts(connection, NOW, Visits())
    await planner.follow(connection, NOW)
    assert_whole(database)
    ((urgent,),) = rows_of(database, "SELECT visit_id FROM visit WHERE priority = 'now'")
    order = [stop[0] for stop in sorted(stops_of(database), key=lambda stop: stop[2])]
    assert order[0] == urgent
    moved = rows_of(
        database, "SELECT why, because_id, promised_by > arrival FROM visit_moved WHERE visit_id = %s", first
    )
    assert moved == [("urgent", urgent, True)]
    assert rows_of(
        database,
        "SELECT promised_first = %s, promised_by > promised_first FROM visit WHERE visit_id = %s",
        NOW + 20 * MINUTE, first,
    ) == [(True, True)]  # fmt: skip


async def test_what_somebody_declines_takes_or_calls_off_leaves_her_route(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    await propose(connection, database, "today", "today", "today")
    await planner.follow(connection, NOW)
    (one, nurse, _), (two, other, _), (three, _, _) = stops_of(database)
    await commands.decline(connection, one, nurse, "a flat tyre", NOW)
    taker = care.boris if other == care.anna else care.anna
    await commands.accept(connection, two, taker, NOW)
    await commands.cancel(connection, three, care.desk, "at the hospital", NOW)
    await planner.follow(connection, NOW)
    assert_whole(database)
    nurses = {visit: nurse for visit, nurse, _ in stops_of(database)}
    assert nurses == {one: care.boris if nurse == care.anna else care.anna, two: taker}
    assert ("nurse",) in rows_of(database, "SELECT why FROM visit_moved WHERE visit_id = %s", one)


async def test_a_nurse_who_is_late_or_gone_moves_what_comes_after(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE staff SET on_duty = false WHERE login = 'boris'")
    await propose(connection, database, "today", "today")
    await planner.follow(connection, NOW)
    first, second = (stop[0] for stop in sorted(stops_of(database), key=lambda stop: stop[2]))
    for step in (commands.accept, commands.travel, commands.arrive):
        await step(connection, first, care.anna, NOW + 10 * MINUTE)
    await planner.follow(connection, NOW + 70 * MINUTE)  # still at the door
    assert rows_of(database, "SELECT why FROM visit_moved WHERE visit_id = %s", second) == [("later",)]
    await commands.file_report(connection, first, care.anna, Report((), ()), NOW + 75 * MINUTE)
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE staff SET on_duty = (login = 'boris') WHERE role = 'nurse'")
    await planner.follow(connection, NOW + 76 * MINUTE)
    assert_whole(database)
    assert {visit: nurse for visit, nurse, _ in stops_of(database)}[second] == care.boris


async def test_where_nobody_works_it_is_said_and_put_right_when_somebody_does(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE staff SET skills = '{wound}' WHERE login = 'anna'")
    await ask_for(connection, care.elder_id, "doctor", Asked("dressing", skills=("wound",), people=2), NOW, care.desk)
    await planner.follow(connection, NOW)
    assert rows_of(database, "SELECT DISTINCT why, words FROM unplanned") == [("one_alone", [])]
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE staff SET skills = '{wound}' WHERE login = 'boris'")
    await planner.follow(connection, NOW)
    assert_whole(database)
    (_, nurse, at), (_, other, then) = stops_of(database)
    assert (nurse != other, at) == (True, then)
    with pytest.raises(Conflict, match="asked for already"):
        await ask_for(connection, care.elder_id, "doctor", Asked("dressing"), NOW)


async def test_the_dispatchers_word_holds_until_it_is_taken_back(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    await propose(connection, database, "today", "today", "today", "today")
    await planner.follow(connection, NOW)
    visit, nurse, _ = stops_of(database)[0]
    other = care.boris if nurse == care.anna else care.anna
    await commands.accept(connection, visit, nurse, NOW)
    await pin(connection, visit, care.desk, other, NOW + 2 * HOUR, "she knows him", NOW)
    await planner.follow(connection, NOW)
    assert_whole(database)
    assert stops_of(database)[0] == (visit, other, "23 04:00")
    assert ("desk",) in rows_of(database, "SELECT why FROM visit_moved WHERE visit_id = %s", visit)
    await unpin(connection, visit)
    await planner.follow(connection, NOW)
    assert_whole(database)
    assert rows_of(database, "SELECT pinned_to, pinned_at FROM visit WHERE visit_id = %s", visit) == [(None, None)]


async def test_a_set_hour_is_searched_once(
    database: str, care: Care, connection: AsyncConnection, config: CloudConfig, planner: Planner
) -> None:
    await propose(connection, database, "today", "this_week", "this_week", "this_week", "today")
    await planner.follow(connection, NOW)
    while await planner.search(connection, NOW):
        pass
    assert_whole(database)
    assert rows_of(database, "SELECT hour_done FROM team_plan") == [(datetime(2026, 11, 22, 22, 30, tzinfo=UTC),)]
    assert not await Planner(config).search(connection, NOW + HOUR)
    assert rows_of(database, "SELECT hour_done FROM team_plan") == [(datetime(2026, 11, 22, 22, 30, tzinfo=UTC),)]
    for day in (1, 1, 2):  # one process, which looks at the tables again when the next hour is there
        while await planner.search(connection, NOW + day * 24 * HOUR):
            pass
        assert rows_of(database, "SELECT hour_done FROM team_plan") == [
            (datetime(2026, 11, 22 + day, 22, 30, tzinfo=UTC),)
        ]


async def test_regular_visits_stand_there_ahead_and_once(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    policy = Routes(regular_days={"usual": 7, "raised": 3}, regular_ahead_days=7)
    with psycopg.connect(database) as alone:
        alone.execute("UPDATE elder SET risks = '{falls,alone}' WHERE code = 'x1'")
    made = await Rhythms(policy).follow(connection, NOW)
    counts = dict(rows_of(database, "SELECT e.code, count(*) FROM visit JOIN elder e USING (elder_id) GROUP BY 1"))
    assert sum(counts.values()) == made
    assert counts["x1"] >= 2
    assert {counts[f"x{n}"] for n in range(2, 6)} == {1}
    assert await Rhythms(policy).follow(connection, NOW) == 0
    windows = rows_of(database, "SELECT DISTINCT (from_at AT TIME ZONE 'Asia/Shanghai')::time FROM visit")
    assert windows == [(time(9),)]
    await planner.follow(connection, NOW)
    assert rows_of(database, "SELECT count(*) FROM unplanned") == [(0,)]
    elder = rows_of(database, "SELECT elder_id FROM elder WHERE code = 'x1'")[0][0]
    await regular.set_by_staff(
        connection, elder, care.desk, 30, time(14), time(16), NOW.date() + DAY, NOW, people=2, skills=["wound"]
    )
    await connection.commit()
    await Rhythms(policy).follow(connection, NOW)
    assert rows_of(
        database, "SELECT kind, skills FROM visit WHERE elder_id = %s AND state = 'proposed' ORDER BY kind", elder
    ) == [("regular", ["wound"]), ("together", ["wound"])]
    assert await Rhythms(Routes()).follow(connection, NOW) > 0  # nobody wants those by risk any more
    assert rows_of(database, "SELECT count(*) FROM visit WHERE state IN ('proposed', 'assigned')") == [(2,)]


async def test_who_was_visited_lately_is_not_visited_again_by_the_rhythm(
    database: str, care: Care, connection: AsyncConnection
) -> None:
    asked = await ask_for(connection, care.elder_id, "staff", Asked("look in", Priority.TODAY), NOW, care.desk)
    await commands.accept(connection, asked.visit_id, care.anna, NOW)
    await commands.file_report(connection, asked.visit_id, care.anna, Report((), ()), NOW)
    await regular.set_by_staff(connection, care.elder_id, care.desk, 7, time(9), time(17), NOW.date() + DAY, NOW)
    await connection.commit()
    await Rhythms(Routes(regular_ahead_days=3)).follow(connection, NOW)
    assert rows_of(database, "SELECT count(*) FROM visit WHERE kind = 'regular'") == [(0,)]
    assert rows_of(database, "SELECT next_on FROM regular_visit") == [(NOW.date() + 7 * DAY,)]
    await Rhythms(Routes(regular_ahead_days=3)).follow(connection, NOW + 5 * DAY)
    assert rows_of(database, "SELECT regular_on FROM visit WHERE kind = 'regular'") == [(NOW.date() + 7 * DAY,)]


async def test_two_who_go_together_are_planned_together(
    database: str, care: Care, connection: AsyncConnection, planner: Planner
) -> None:
    await propose(connection, database, "today")
    await planner.follow(connection, NOW)
    ((visit, _, _),) = stops_of(database)
    await bring_second(connection, visit, care.desk, NOW)
    await planner.follow(connection, NOW)
    assert_whole(database)
    (_, nurse, at), (_, other, then) = stops_of(database)
    assert (nurse != other, at) == (True, then)
