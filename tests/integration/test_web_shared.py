"""Pages that renew themselves share what they may both see, never more, and nothing older than what they heard."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest

from cloud.db.pool import AsyncConnection, AsyncPool, DatabaseAway
from cloud.db.sight import NOBODY, Sight, create_sighted_pool
from cloud.web.live.model import LiveEvent
from cloud.web.shared.answers import RENEWAL, Answers, Part
from tests.cloud.web.community import Community
from tests.cloud.web.running import Site
from tests.integration.access.filled import Place, create_place

pytestmark = pytest.mark.integration

WAIT_S = 10.0
LONG_S = 3600.0


class Counted:
    """A part that counts how often it is asked for, and waits where it is told to."""

    def __init__(self, statement: str) -> None:
        self.times = 0
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self._statement = statement

    async def ask(self, connection: AsyncConnection) -> list[tuple[object, ...]]:
        self.times += 1
        self.begun.set()
        found = await (await connection.execute(self._statement.encode())).fetchall()
        await self.go_on.wait()
        return found

    @property
    def parts(self) -> dict[str, Part]:
        return {"rows": Part(self.ask, frozenset({"visit"}))}


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_sighted_pool(database, "test", size=4, planned_once=True) as opened:
        yield opened


@pytest.fixture
def answers(pool: AsyncPool) -> Answers:
    return Answers(pool, pool, side_by_side=2, age_s=LONG_S)


@pytest.fixture
def places(database: str) -> tuple[Place, Place]:
    with psycopg.connect(database) as connection:
        return create_place(connection, "here"), create_place(connection, "there")


def sight_in(place: Place, role: str = "nurse") -> Sight:
    return Sight(role, place.staff[role], frozenset({place.region_id}))


def visit_in(region_id: int) -> LiveEvent:
    return LiveEvent("visit", region_id, {"visit_id": 1})


async def test_two_sights_never_share(answers: Answers, places: tuple[Place, Place]) -> None:
    here, there = places
    both = frozenset({here.region_id, there.region_id})
    names = Counted("SELECT name FROM elder ORDER BY name")
    for times, (sight, found) in enumerate(
        [
            (sight_in(here), [("here",)]),
            (sight_in(there), [("there",)]),
            (Sight("nurse", here.staff["nurse"], both), [("here",), ("there",)]),
            (sight_in(here, "desk"), [("here",)]),
            (sight_in(here, "installer"), []),
            (NOBODY, []),
        ],
        start=1,
    ):
        assert await answers.get("list", sight, names.parts) == {"rows": found}
        assert names.times == times
    assert await answers.get("list", sight_in(here), names.parts) == {"rows": [("here",)]}
    assert names.times == 6


async def test_what_is_shared_is_nobodys_own(answers: Answers, places: tuple[Place, Place]) -> None:
    here, _ = places
    own = Counted("SELECT staff_id FROM session")
    sight = sight_in(here)
    assert await answers.get("list", sight, own.parts) == {"rows": []}
    other = replace(sight, staff_id=here.staff["desk"])
    assert await answers.get("list", other, own.parts) == {"rows": []}
    assert own.times == 1


async def test_days_and_routes_are_seen_without_a_name(answers: Answers, places: tuple[Place, Place]) -> None:
    here, _ = places
    for table in ("route", "absence", "team_plan"):
        rows = Counted(f"SELECT count(*) FROM {table}")
        assert await answers.get(table, sight_in(here), rows.parts) == {"rows": [(2,)]}, table
        assert await answers.get(table, NOBODY, rows.parts) == {"rows": [(0,)]}, table


async def test_what_happened_is_asked_for_anew(answers: Answers, places: tuple[Place, Place]) -> None:
    here, there = places
    rows, sight = Counted("SELECT 1"), sight_in(here)

    async def times_after(*events: LiveEvent) -> int:
        for event in events:
            answers.hear(event)
        await answers.get("list", sight, rows.parts)
        return rows.times

    assert await times_after() == 1
    assert await times_after(visit_in(there.region_id), LiveEvent("alert", here.region_id, {})) == 1
    assert await times_after(visit_in(here.region_id)) == 2
    assert await times_after(LiveEvent("visit", None, {})) == 3
    answers.touch(frozenset({there.region_id}))
    assert await times_after() == 3
    answers.touch(frozenset({here.region_id, there.region_id}))
    assert await times_after() == 4
    answers.touch()
    assert await times_after() == 5


async def test_who_comes_after_a_change_gets_no_older_answer(answers: Answers, places: tuple[Place, Place]) -> None:
    here, _ = places
    rows, sight = Counted("SELECT 1"), sight_in(here)
    rows.go_on.clear()
    first = asyncio.create_task(answers.get("list", sight, rows.parts))
    async with asyncio.timeout(WAIT_S):
        await rows.begun.wait()
        answers.hear(visit_in(here.region_id))  # while the first is being asked for
        later = [asyncio.create_task(answers.get("list", sight, rows.parts)) for _ in range(5)]
        await asyncio.sleep(0)
        rows.go_on.set()
        await asyncio.gather(first, *later)
    assert rows.times == 2  # one for all five


async def test_age_alone_makes_it_old(pool: AsyncPool, places: tuple[Place, Place]) -> None:
    answers, rows = Answers(pool, pool, side_by_side=1, age_s=0.0), Counted("SELECT 1")
    for _ in range(2):
        await answers.get("list", sight_in(places[0]), rows.parts)
    assert rows.times == 2


async def test_what_failed_is_asked_for_again(answers: Answers, places: tuple[Place, Place]) -> None:
    sight, rows = sight_in(places[0]), Counted("SELECT 1")

    async def away(_connection: AsyncConnection) -> None:
        raise DatabaseAway("gone")

    with pytest.raises(DatabaseAway):
        await answers.get("list", sight, {"rows": Part(away)})
    assert await answers.get("list", sight, rows.parts) == {"rows": [(1,)]}


def test_pages_renew_themselves_after_deeds_and_for_whom_is_let_in(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1")
    anew = {RENEWAL: "1"}
    with site.signed_in("nurse") as nurse, site.signed_in("nurse2") as other, site.signed_in("desk") as desk:
        for _ in range(2):
            assert f"/visits/{visit}" in nurse.get("/today", headers=anew).text
            assert "陈晓梅" not in other.get("/today", headers=anew).text.partition("<main")[2]
            assert f"visit-row-{visit}" in desk.get("/board/parts", headers=anew).text
        nurse.post(f"/api/v1/visits/{visit}/steps", json={"to": "accepted"}).raise_for_status()
        assert 'data-whose="mine"' in nurse.get("/today", headers=anew).text
        assert 'data-whose="colleagues"' in other.get("/today", headers=anew).text
        assert "陈晓梅 · accepted" in desk.get("/board/parts", headers=anew).text
        community.run("DELETE FROM session")
        assert nurse.get("/today", headers=anew, follow_redirects=False).status_code == 303
        assert desk.get("/board/parts", headers=anew, follow_redirects=False).status_code == 303
