"""The outbox of texts in a real database: claimed once, tried again, given up, and told apart by reports."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from cloud.db.pool import AsyncConnection
from cloud.sms import store
from cloud.sms.model import BadText, SmsState
from cloud.sms.outbox import send_sms

pytestmark = pytest.mark.integration

PHONE = "+8613800000123"
LEASE_S = 60.0


@pytest.fixture
async def connection(database: str) -> AsyncIterator[AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        yield connection


async def test_a_text_is_claimed_by_one_only(connection: AsyncConnection) -> None:
    first, second = await send_sms(connection, PHONE, "one"), await send_sms(connection, "+86 138 0000 0124", "two")
    assert [sms.sms_id for sms in await store.claim(connection, LEASE_S, 10)] == [first, second]
    assert await store.claim(connection, LEASE_S, 10) == []


async def test_what_a_killed_process_held_is_tried_again(connection: AsyncConnection) -> None:
    sms_id = await send_sms(connection, PHONE, "one")
    await store.claim(connection, 0.0, 10)
    (again,) = await store.claim(connection, LEASE_S, 10)
    assert (again.sms_id, again.attempts) == (sms_id, 2)


async def test_a_text_of_a_transaction_that_fails_is_not_sent(connection: AsyncConnection) -> None:
    async def send_both() -> None:
        async with connection.transaction():
            await send_sms(connection, PHONE, "one")
            await send_sms(connection, PHONE, "")

    with pytest.raises(BadText):
        await send_both()
    assert await store.claim(connection, LEASE_S, 10) == []


async def test_it_is_delivered_when_every_part_is(connection: AsyncConnection) -> None:
    sms_id = await send_sms(connection, PHONE, "long")
    await store.claim(connection, LEASE_S, 10)
    await store.set_sent(connection, sms_id, [7, 8])
    assert await store.report(connection, PHONE, 7, None) == sms_id
    assert await store.report(connection, PHONE, 7, None) == sms_id  # told twice
    assert (await store.get(connection, sms_id)).state is SmsState.SENT
    await store.report(connection, PHONE, 8, None)
    delivered = await store.get(connection, sms_id)
    assert delivered.state is SmsState.DELIVERED
    assert delivered.delivered_at is not None


async def test_a_report_about_somebody_else_changes_nothing(connection: AsyncConnection) -> None:
    sms_id = await send_sms(connection, PHONE, "one")
    await store.claim(connection, LEASE_S, 10)
    await store.set_sent(connection, sms_id, [7])
    assert await store.report(connection, PHONE, 9, None) is None
    assert await store.report(connection, "+8613800000999", 7, None) is None
    assert (await store.get(connection, sms_id)).state is SmsState.SENT


async def test_a_number_used_again_means_the_newest_text(connection: AsyncConnection) -> None:
    old, new = await send_sms(connection, PHONE, "old"), await send_sms(connection, PHONE, "new")
    await store.claim(connection, LEASE_S, 10)
    for sms_id in (old, new):
        await store.set_sent(connection, sms_id, [7])
    assert await store.report(connection, PHONE, 7, "the number does not exist") == new
    failed = await store.get(connection, new)
    assert (failed.state, failed.problem) == (SmsState.FAILED, "the number does not exist")


async def test_a_failure_is_tried_again_until_it_is_too_old(connection: AsyncConnection) -> None:
    sms_id = await send_sms(connection, PHONE, "one", give_up_after_s=30.0)
    await store.claim(connection, LEASE_S, 10)
    await store.set_not_sent(connection, sms_id, "no network", again_in_s=0.0)
    (again,) = await store.claim(connection, LEASE_S, 10)
    assert (again.attempts, again.problem) == (2, "no network")
    await store.set_not_sent(connection, sms_id, "no network", again_in_s=60.0)
    assert (await store.get(connection, sms_id)).state is SmsState.FAILED
