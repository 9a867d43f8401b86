"""The ledger over real rows: whatever happens at once, all accounts sum to zero and nobody falls below it."""

import asyncio
import random
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from psycopg.errors import CheckViolation, InsufficientPrivilege

from cloud.db.pool import AsyncConnection, connection_settings
from cloud.errors import Conflict
from cloud.services.time_bank import commands, store
from cloud.services.time_bank.checking.store import look_through
from cloud.services.time_bank.model import Account, Deed, NotEnough, System
from cloud.services.time_bank.posting import entry_id_of, moved

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PEOPLE = 4


async def connect(dsn: str) -> AsyncConnection:
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True, **connection_settings("test"))


def create_people(dsn: str, count: int = PEOPLE) -> list[int]:
    """Ids of volunteers."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "INSERT INTO region (code, name, level) VALUES (%s, 'R', 'community') RETURNING region_id", (str(uuid4()),)
        ).fetchone()
        assert row is not None
        return [
            found[0]
            for found in connection.execute(
                "INSERT INTO staff (login, name, role, region_id, password_hash) "
                "SELECT gen_random_uuid()::text, 'V', 'volunteer', %s, '-' FROM generate_series(1, %s) "
                "RETURNING staff_id",
                (row[0], count),
            ).fetchall()
        ]


def standing(dsn: str) -> list[str]:
    """What is wrong with the ledger."""
    with psycopg.connect(dsn) as connection:
        sums, faults = look_through(connection)
    assert sums.get("all") == 0
    return faults


async def earn(connection: AsyncConnection, account: Account, minutes: int, key: UUID | None = None) -> None:
    community = await store.system_account(connection, System.COMMUNITY)
    entry = moved(key or uuid4(), Deed.EARN, community, account.account_id, minutes)
    await store.book(connection, entry, NOW)


class Ledger(RuleBasedStateMachine):
    """Deeds in any order, beside a model of what everybody has."""

    dsn = ""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.connection = self.runner.run(connect(self.dsn))
        self.accounts = [
            self.runner.run(store.open_account(self.connection, NOW, staff_id=staff_id))
            for staff_id in create_people(self.dsn)
        ]
        self.has = [0] * PEOPLE
        self.deeds: list[tuple[UUID, dict[int, int]]] = []

    @rule(who=st.integers(0, PEOPLE - 1), minutes=st.integers(1, 300))
    def earns(self, who: int, minutes: int) -> None:
        key = uuid4()
        for _ in range(2):  # told twice
            self.runner.run(earn(self.connection, self.accounts[who], minutes, key))
        self.has[who] += minutes
        self.deeds.append((key, {who: minutes}))

    @rule(who=st.integers(0, PEOPLE - 1), whom=st.integers(0, PEOPLE - 1), minutes=st.integers(1, 300))
    def gives(self, who: int, whom: int, minutes: int) -> None:
        giver, key = self.accounts[who], uuid4()
        deed = commands.give(self.connection, giver, self.accounts[whom].code, minutes, NOW, key=key)
        if who == whom or self.has[who] < minutes:
            with pytest.raises(Conflict):
                self.runner.run(deed)
            return
        assert self.runner.run(deed)
        self.has[who] -= minutes
        self.has[whom] += minutes
        self.deeds.append((entry_id_of("give", giver.account_id, key), {who: -minutes, whom: minutes}))

    @rule(which=st.integers(0, 50))
    def corrects(self, which: int) -> None:
        if not self.deeds:
            return
        entry_id, moves = self.deeds[which % len(self.deeds)]
        deed = commands.correct(self.connection, entry_id, "wrong_times", NOW, staff_id=1)
        if any(self.has[who] - change < 0 for who, change in moves.items()):
            with pytest.raises(NotEnough):
                self.runner.run(deed)
            return
        self.runner.run(deed)
        for who, change in moves.items():
            self.has[who] -= change
        self.deeds.remove((entry_id, moves))
        with pytest.raises(Conflict):
            self.runner.run(commands.correct(self.connection, entry_id, "wrong_times", NOW, staff_id=1))

    @invariant()
    def sums_are_zero(self) -> None:
        if hasattr(self, "accounts"):
            found = [self.runner.run(store.account(self.connection, one.account_id)).balance for one in self.accounts]
            assert found == self.has
            assert standing(self.dsn) == []

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.connection.close())
            self.runner.close()


def test_deeds_in_any_order(database: str) -> None:
    kind = type("LedgerHere", (Ledger,), {"dsn": database})
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=8, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture
def accounts(any_database: str) -> list[Account]:
    async def opened() -> list[Account]:
        async with await connect(any_database) as connection:
            found = [
                await store.open_account(connection, NOW, staff_id=staff_id) for staff_id in create_people(any_database)
            ]
            for account in found:
                await earn(connection, account, 100)
            return found

    return asyncio.run(opened())


def test_many_at_once(any_database: str, accounts: list[Account]) -> None:
    """Four give to each other and take back what they gave, from threads of their own, with their own connections."""
    failed: list[BaseException] = []
    refused = [0] * 4

    async def live(number: int) -> None:
        chance = random.Random(number)
        done: list[UUID] = []
        async with await connect(any_database) as connection:
            for _ in range(40):
                giver, taker = chance.sample(accounts, 2)
                key = uuid4()
                try:
                    if done and chance.random() < 0.25:
                        await commands.correct(
                            connection, done.pop(chance.randrange(len(done))), "agreed", NOW, staff_id=1
                        )
                        continue
                    await commands.give(connection, giver, taker.code, chance.randint(1, 90), NOW, key=key)
                    done.append(entry_id_of("give", giver.account_id, key))
                except NotEnough:
                    refused[number] += 1

    def work(number: int) -> None:
        try:
            asyncio.run(live(number))
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failed
    assert not any(thread.is_alive() for thread in threads)
    assert standing(any_database) == []
    with psycopg.connect(any_database) as connection:
        total = connection.execute("SELECT sum(balance) FROM time_account WHERE staff_id IS NOT NULL").fetchone()
    assert total == (400,)
    assert sum(refused) > 0  # somebody asked for more than there was


def together(dsn: str, statements: list[tuple[str, tuple[object, ...]]]) -> None:
    """In one transaction."""
    with closing(psycopg.connect(dsn)) as connection, connection:  # a refused commit leaves it open
        for statement, values in statements:
            connection.execute(statement.encode(), values)


def test_the_database_itself_refuses(any_database: str, accounts: list[Account]) -> None:
    """Half a deed, a later line, a changed or taken line, and a balance set by hand."""
    first, second = (account.account_id for account in accounts[:2])
    entry = "INSERT INTO time_entry (entry_id, kind, at) VALUES (%s, 'give', now())"
    line = "INSERT INTO time_line (entry_id, account_id, minutes) VALUES (%s, %s, %s)"
    with psycopg.connect(any_database) as connection:
        known = connection.execute("SELECT entry_id FROM time_entry LIMIT 1").fetchone()
        assert known is not None
    half, empty = uuid4(), uuid4()
    tries: list[tuple[type[psycopg.Error], list[tuple[str, tuple[object, ...]]]]] = [
        (CheckViolation, [(entry, (half,)), (line, (half, first, 5))]),
        (CheckViolation, [(entry, (empty,))]),
        (CheckViolation, [(entry, (half,)), (line, (half, first, -101)), (line, (half, second, 101))]),
        (InsufficientPrivilege, [(line, (known[0], second, 5))]),
        (InsufficientPrivilege, [("UPDATE time_line SET minutes = minutes + 1", ())]),
        (InsufficientPrivilege, [("DELETE FROM time_line", ())]),
        (InsufficientPrivilege, [("DELETE FROM time_entry", ())]),
        (InsufficientPrivilege, [("TRUNCATE time_line, time_dispute, time_entry", ())]),
        (InsufficientPrivilege, [("UPDATE time_account SET balance = balance + 60", ())]),
    ]
    for kind, statements in tries:
        with pytest.raises(kind):
            together(any_database, statements)
    assert standing(any_database) == []


async def test_what_is_old_and_unused_goes(database: str) -> None:
    (staff_id,) = create_people(database, 1)
    async with await connect(database) as connection:
        account = await store.open_account(connection, NOW, staff_id=staff_id)
        community = await store.system_account(connection, System.COMMUNITY)
        for days, minutes in ((800, 90), (10, 30)):
            deed = moved(uuid4(), Deed.EARN, community, account.account_id, minutes)
            await store.book(connection, deed, NOW - timedelta(days=days))
        await commands.give(connection, account, "", 40, NOW, key=uuid4())
        cutoff = NOW - timedelta(days=730)
        assert await commands.expire(connection, cutoff, NOW) == 1
        assert await commands.expire(connection, cutoff, NOW) == 0  # and once
        assert (await store.account(connection, account.account_id)).balance == 30
        lines = await store.statement(connection, account.account_id, NOW - timedelta(days=5))
        assert [(line.kind, line.minutes, line.balance) for line in lines] == [("expire", -50, 30), ("give", -40, 80)]
        assert (await store.sums(connection))["expired"] == 50
