"""A nurse who is asked hears it on her phone, which says that it has it; where none does, the next one is asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from cloud.config import CloudConfig, Database, Push, Visits
from cloud.db.pool import AsyncPool, create_async_pool
from cloud.visits.reaching.store import note_receipt
from cloud.visits.worker import work
from tests.integration.care import Care, create_care, rows_of
from tests.integration.push_service import OtherEnd, other_end
from tests.integration.stage import running
from tests.integration.test_escalation import create_browser, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


@pytest.fixture
def end() -> Iterator[OtherEnd]:
    with other_end() as opened:
        yield opened


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_async_pool(database, "test", size=1) as opened:
        yield opened


def create_config(database: str, end: OtherEnd, folder: Path, reach_s: float) -> CloudConfig:
    return CloudConfig(
        data=str(folder),
        database=Database(dsn=database),
        push=Push(services=[end.url]),
        visits=Visits(reach_now_s=reach_s, poll_s=0.2),
    )


def create_urgent(database: str, care: Care) -> int:
    now = datetime.now(UTC)
    ((visit_id,),) = rows_of(
        database,
        "INSERT INTO visit (elder_id, kind, wish, priority, asked_at, promised_by) "
        "VALUES (%s, 'request', 'unwell', 'now', %s, %s + interval '30 minutes') RETURNING visit_id",
        care.elder_id, now, now,
    )  # fmt: skip
    rows_of(database, "SELECT pg_notify('doorstep_visit', %s)", str(visit_id))
    return int(visit_id)


async def test_a_push_reaches_her_and_keeps_the_visit_hers(
    database: str, care: Care, end: OtherEnd, pool: AsyncPool, tmp_path: Path
) -> None:
    browser = create_browser(database, end, care.anna, language="zh")
    with running(work, create_config(database, end, tmp_path, reach_s=1.5), "visits"):
        visit_id = create_urgent(database, care)
        said = browser.read(await asyncio.to_thread(end.next_post))
        assert said["title"] == "有一次紧急上门，请您接受"
        assert (said["url"], said["urgent"]) == (f"/visits/{visit_id}", True)
        assert "Wu" not in str(said)
        notice_id = UUID(said["receipt"].rpartition("/")[2])
        async with pool.connection() as connection:
            after_s = await note_receipt(connection, notice_id, opened=False)
            again = await note_receipt(connection, notice_id, opened=False)
        assert after_s is not None
        assert after_s < 20
        assert again is None
        await asyncio.to_thread(wait_past, database, visit_id, 2.0)
    assert rows_of(database, "SELECT state, nurse_id FROM visit") == [("assigned", care.anna)]
    assert rows_of(database, "SELECT staff_id, sent_at IS NOT NULL, delivered_at IS NOT NULL FROM visit_push") == [
        (care.anna, True, True)
    ]


async def test_where_no_phone_has_it_the_next_one_is_asked(
    database: str, care: Care, end: OtherEnd, tmp_path: Path
) -> None:
    create_browser(database, end, care.anna, "one")
    with running(work, create_config(database, end, tmp_path, reach_s=0.5), "visits"):
        create_urgent(database, care)
        await asyncio.to_thread(wait_for, database, "SELECT state, nurse_id FROM visit", [("assigned", care.boris)])
    assert rows_of(database, "SELECT note FROM visit_event WHERE state = 'proposed' AND note <> ''") == [("unreached",)]
    assert rows_of(database, "SELECT staff_id FROM visit_push") == [(care.anna,)]


def wait_past(database: str, visit_id: int, seconds: float) -> None:
    """Until the database's clock is that far past the asking, so that the policy has had its turn."""
    deadline = time.monotonic() + 20
    query = (
        "SELECT now() - max(at) > make_interval(secs => %s) FROM visit_event WHERE visit_id = %s AND state = 'assigned'"
    )
    while rows_of(database, query, seconds, visit_id) != [(True,)] and time.monotonic() < deadline:
        time.sleep(0.05)
