"""People are told step by step, by real posts and rows, until somebody takes the call; restarts forget nothing."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cloud.alarms import desk
from cloud.alarms.escalation import telling
from cloud.alarms.escalation.delivery.store import note_receipt
from cloud.alarms.escalation.explain import explain, in_words
from cloud.alarms.escalation.policy import read_policy
from cloud.alarms.escalation.worker import work
from cloud.config import CloudConfig, Database, Escalation, Push
from cloud.db.pool import AsyncPool, create_async_pool
from cloud.push.key import open_push_key, public_text
from tests.integration.care import BUTTON, GATEWAY, Care, create_care, rows_of
from tests.integration.push_service import Browser, OtherEnd, other_end, vapid_claims
from tests.integration.stage import running

pytestmark = pytest.mark.integration

SECRET = "a secret of the duty room"


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


@pytest.fixture
def end() -> Iterator[OtherEnd]:
    with other_end() as opened:
        yield opened


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_async_pool(database, "test", size=2) as opened:
        yield opened


@pytest.fixture
def config(database: str, care: Care, end: OtherEnd, tmp_path: Path) -> Callable[[str], CloudConfig]:
    """The configuration with steps of a policy, which stands in its file."""

    def with_steps(*steps: str, again: str = "") -> CloudConfig:
        text = f'[webhook.ops]\nurl = "{end.url}/hook"\nsecret_env = "TEST_HOOK_SECRET"\n[[rule]]\nname = "all"\n'
        text += f"steps = {json.dumps(steps)}\n" + (f'again = "{again}"\n' if again else "")
        (tmp_path / "escalation.toml").write_text(text, encoding="utf-8")
        return CloudConfig(
            data=str(tmp_path / "data"),
            base=str(tmp_path),
            database=Database(dsn=database),
            escalation=Escalation(policy="escalation.toml"),
            push=Push(services=[end.url]),
        )

    return with_steps


def create_call(dsn: str, **more: object) -> UUID:
    alarm_id = uuid4()
    rows_of(
        dsn,
        "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at) "
        "SELECT %s, gateway_id, elder_id, 'fall', %s, now(), now() FROM gateway JOIN elder USING (home_id) "
        "WHERE gateway_id = %s RETURNING pg_notify('doorstep_alarm', alarm_id::text)",
        alarm_id,
        BUTTON,
        GATEWAY,
    )
    return alarm_id


def create_browser(dsn: str, end: OtherEnd, staff_id: int, name: str = "one", language: str = "en") -> Browser:
    browser = Browser(end.url, name)
    rows_of(
        dsn,
        "INSERT INTO push_subscription (staff_id, endpoint, p256dh, auth, language) VALUES (%s, %s, %s, %s, %s) "
        "RETURNING subscription_id",
        staff_id, browser.endpoint, browser.p256dh, browser.auth, language,
    )  # fmt: skip
    return browser


def wait_for(dsn: str, query: str, expected: object, timeout_s: float = 20) -> None:
    """Until the rows are those."""
    deadline, found = time.monotonic() + timeout_s, rows_of(dsn, query)
    while found != expected and time.monotonic() < deadline:
        time.sleep(0.05)
        found = rows_of(dsn, query)
    assert found == expected


async def test_push_arrives_signed_and_encrypted_names_nobody_and_its_receipt_is_measured(
    database: str, care: Care, end: OtherEnd, config: Callable[..., CloudConfig], pool: AsyncPool
) -> None:
    browser = create_browser(database, end, care.desk, language="zh")
    settings = config("at once tell the desk by page and push")
    with running(work, settings, "escalation"):
        alarm_id = create_call(database)
        post = await asyncio.to_thread(end.next_post)
        said = browser.read(post)
        key = public_text(open_push_key(Path(settings.data) / "push-key.pem"))
        claims = vapid_claims(post, key)
        await asyncio.to_thread(wait_for, database, "SELECT sent_at IS NULL FROM notice WHERE way = 'push'", [(False,)])
    assert claims["aud"] == end.url
    assert claims["sub"] == "mailto:operator@doorstep.invalid"
    assert post.headers["urgency"] == "high"
    assert post.headers["ttl"] == "600"
    assert said["title"] == "有人求助"
    assert said["url"] == f"/alarms/{alarm_id}"
    shown = json.dumps(said, ensure_ascii=False)
    assert not any(word in shown for word in ("Wu Mei", "A 1", "Dora", GATEWAY, BUTTON))
    notice = UUID(said["receipt"].removeprefix("/push/receipts/"))
    async with pool.connection() as connection:
        assert await note_receipt(connection, notice, opened=False) is not None
        assert await note_receipt(connection, notice, opened=False) is None
        assert await note_receipt(connection, notice, opened=True) is not None
        assert await note_receipt(connection, uuid4(), opened=False) is None
    found = rows_of(database, "SELECT delivered_at >= asked_at, opened_at IS NOT NULL FROM notice WHERE way = 'push'")
    assert found == [(True, True)]
    assert rows_of(database, "SELECT way, staff_id FROM notice WHERE way = 'page'") == [("page", care.desk)]


async def test_push_is_tried_again_and_one_that_is_gone_is_given_up(
    database: str, care: Care, end: OtherEnd, config: Callable[..., CloudConfig]
) -> None:
    create_browser(database, end, care.desk)
    end.answers += [(503, {}), (429, {"retry-after": "1"}), (201, {}), (410, {})]
    with running(work, config("at once tell the desk by push"), "escalation"):
        create_call(database)
        await asyncio.to_thread(
            wait_for, database, "SELECT attempts, sent_at IS NOT NULL, problem FROM notice", [(3, True, "")]
        )
        create_call(database)
        await asyncio.to_thread(wait_for, database, "SELECT gone_at IS NULL FROM push_subscription", [(False,)])
        await asyncio.to_thread(wait_for, database, "SELECT attempts FROM notice WHERE failed_at IS NOT NULL", [(1,)])


async def test_steps_go_on_over_a_restart_and_stop_when_somebody_takes_it(
    database: str, care: Care, config: Callable[..., CloudConfig], pool: AsyncPool
) -> None:
    settings = config(
        "at once tell the desk by page", "after 2 s tell the nurses by page", "after 4 s tell everybody by page",
        "after 6 s tell boris by page",
    )  # fmt: skip
    done = "SELECT step, told FROM escalation_step ORDER BY step"
    with running(work, settings, "escalation"):
        alarm_id = create_call(database)
        await asyncio.to_thread(wait_for, database, done, [(0, 1)])
    with running(work, settings, "escalation"):
        await asyncio.to_thread(wait_for, database, done, [(0, 1), (1, 2), (2, 3)])
        async with pool.connection() as connection:
            await desk.take(connection, alarm_id, care.anna, datetime.now(UTC))
        await asyncio.to_thread(wait_for, database, "SELECT ended_by FROM escalation", [("taken",)])
        await asyncio.to_thread(
            wait_for, database, "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'escalation'", [(0,)]
        )
    assert rows_of(database, done) == [(0, 1), (1, 2), (2, 3)]
    assert rows_of(
        database, "SELECT round(extract(epoch FROM due_at - began_at)) FROM escalation_step JOIN escalation "
        "USING (subject_id) ORDER BY step"
    ) == [(0,), (2,), (4,)]  # fmt: skip


async def test_others_hear_by_push_that_somebody_has_it(
    database: str, care: Care, end: OtherEnd, config: Callable[..., CloudConfig], pool: AsyncPool
) -> None:
    browsers = {
        "/push/" + who: create_browser(database, end, staff_id, who)
        for who, staff_id in (("desk", care.desk), ("anna", care.anna))
    }
    sent = "SELECT count(*) FROM notice WHERE sent_at IS NOT NULL"
    with running(work, config("at once tell the desk by push", "after 0 s tell anna by push"), "escalation"):
        alarm_id = create_call(database)
        for _ in browsers:
            await asyncio.to_thread(end.next_post)
        await asyncio.to_thread(wait_for, database, sent, [(2,)])
        async with pool.connection() as connection:
            await desk.take(connection, alarm_id, care.anna, datetime.now(UTC))
        post = await asyncio.to_thread(end.next_post)
        said = browsers["/push/desk"].read(post)
        assert said["title"] == "Nobody else need go"
        assert (said["tag"], said["quiet"], said["urgent"]) == (str(alarm_id), True, False)
        assert "Anna" not in json.dumps(said)
        await asyncio.to_thread(wait_for, database, sent, [(3,)])
        async with pool.connection() as connection:
            await desk.close(connection, alarm_id, care.anna, "real", "", datetime.now(UTC))
    assert rows_of(database, "SELECT staff_id FROM notice WHERE calls_off") == [(care.desk,)], "once, to others"


async def test_step_that_reaches_nobody_brings_the_next_at_once(
    database: str, care: Care, config: Callable[..., CloudConfig]
) -> None:
    rows_of(database, "UPDATE staff SET on_duty = false RETURNING staff_id")
    settings = config("at once tell the nurses on duty by push", "after 5 min tell +86 138 0000 0000 by sms")
    with running(work, settings, "escalation"):
        create_call(database)
        await asyncio.to_thread(
            wait_for, database, "SELECT step, told FROM escalation_step ORDER BY step", [(0, 0), (1, 1)]
        )
        await asyncio.to_thread(wait_for, database, "SELECT ended_by FROM escalation", [("last_step",)])
    ((to, body),) = rows_of(database, "SELECT recipient, body FROM sms")
    assert to == "+8613800000000"
    assert "Wu Mei" not in body
    assert "Somebody calls for help" in body


@pytest.mark.parametrize(("receipt", "texts"), [(True, 0), (False, 1)])
async def test_text_follows_only_where_no_phone_has_the_push(  # noqa: PLR0917 - fixtures
    receipt: bool,
    texts: int,
    database: str,
    care: Care,
    end: OtherEnd,
    config: Callable[..., CloudConfig],
    pool: AsyncPool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "ELSE_AFTER", timedelta(seconds=2))
    rows_of(database, "UPDATE staff SET phone = '+8613800000002' RETURNING staff_id")
    browser = create_browser(database, end, care.desk)
    with running(work, config("at once tell the desk by push, else by sms"), "escalation"):
        create_call(database)
        said = browser.read(await asyncio.to_thread(end.next_post))
        if receipt:
            async with pool.connection() as connection:
                await note_receipt(connection, UUID(said["receipt"].rpartition("/")[2]), opened=False)
        await asyncio.to_thread(
            wait_for, database, "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'escalation'", [(0,)]
        )
    assert len(rows_of(database, "SELECT FROM sms")) == texts


async def test_webhook_is_signed_tried_again_and_names_nobody(
    database: str, care: Care, end: OtherEnd, config: Callable[..., CloudConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_HOOK_SECRET", SECRET)
    end.answers.append((302, {"location": "/elsewhere"}))
    with running(work, config("at once tell ops by webhook"), "escalation"):
        alarm_id = create_call(database)
        first, second = await asyncio.to_thread(end.next_post), await asyncio.to_thread(end.next_post)
        await asyncio.to_thread(wait_for, database, "SELECT delivered_at IS NULL FROM notice", [(False,)])
    assert first.path == second.path == "/hook"
    assert first.headers["doorstep-notice"] == second.headers["doorstep-notice"]
    parts = dict(part.split("=") for part in second.headers["doorstep-signature"].split(","))
    expected = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + second.body, hashlib.sha256).hexdigest()
    assert parts["v1"] == expected
    assert abs(time.time() - int(parts["t"])) < 60
    said = json.loads(second.body)
    assert (said["id"], said["kind"], said["regions"]) == (str(alarm_id), "fall", ["1"])
    assert b"Wu Mei" not in second.body


async def test_again_begins_the_steps_once_more_and_ends(
    database: str, care: Care, config: Callable[..., CloudConfig]
) -> None:
    settings = config("at once tell the desk by page", again="every 30 s, 1 time")
    with running(work, settings, "escalation"):
        create_call(database)
        await asyncio.to_thread(wait_for, database, "SELECT round, step FROM escalation_step", [(0, 0)])
        job = "SELECT args ->> 'round_', round(extract(epoch FROM scheduled_at - now()) / 10) FROM procrastinate_jobs"
        await asyncio.to_thread(wait_for, database, job, [("1", 3)])
        rows_of(database, "UPDATE procrastinate_jobs SET scheduled_at = now() RETURNING id")
        await asyncio.to_thread(wait_for, database, "SELECT ended_by FROM escalation", [("last_step",)])
    assert rows_of(database, "SELECT round, step FROM escalation_step ORDER BY 1") == [(0, 0), (1, 0)]


async def test_silent_home_is_told_too_and_ends_when_it_is_heard(
    database: str, care: Care, config: Callable[..., CloudConfig]
) -> None:
    rows_of(
        database,
        "INSERT INTO silence (silence_id, scope, region_id, cause, since, raised_at) "
        "SELECT gen_random_uuid(), 'home', region_id, 'unknown', now(), now() FROM region RETURNING silence_id",
    )
    with running(work, config("at once tell the desk by page", "after 1 h tell everybody by page"), "escalation"):
        await asyncio.to_thread(wait_for, database, "SELECT told FROM escalation_step", [(1,)])
        rows_of(
            database,
            "UPDATE silence SET closed_at = now() RETURNING pg_notify('doorstep_silence', silence_id::text)",
        )
        await asyncio.to_thread(wait_for, database, "SELECT ended_by FROM escalation", [("closed",)])


async def test_policy_is_explained(database: str, care: Care, end: OtherEnd, pool: AsyncPool) -> None:
    create_browser(database, end, care.desk)
    policy = read_policy(
        '[[rule]]\nname = "all"\nsteps = ["at once tell the desk by push", "after 90 s tell the nurses by sms"]\n'
        'again = "every 5 min, 3 times"',
        "escalation.toml",
    )
    at = datetime(2026, 11, 22, 15, 10, tzinfo=UTC)
    async with pool.connection() as connection:
        plan = await explain(connection, policy, "1", "fall", at)
    assert in_words(plan, "fall", "1").splitlines() == [
        "fall in 1, 2026-11-22 23:10 Asia/Shanghai: rule 'all' (escalation.toml:1)",
        "    at once  at once tell the desk by push",
        "             -> Dora (push to 1)",
        "       90 s  after 90 s tell the nurses by sms",
        "             -- Anna: no telephone number",
        "             -- Boris: no telephone number",
        "             -- reaches nobody: the next step comes at once",
        "  then again from the first, every 5 min, 3 times",
    ]
