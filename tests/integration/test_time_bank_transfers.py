"""Hours go from bank to bank over HTTP: both hold both sides' proof, nothing is booked twice, what fails comes back.

One database stands for both banks; each has its own key, and its own side of each transfer.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.db.pool import AsyncPool, create_async_pool
from cloud.errors import RejectedMessage
from cloud.services.time_bank import store as ledger
from cloud.services.time_bank.model import Account, Deed, NotEnough, System
from cloud.services.time_bank.posting import moved
from cloud.services.time_bank.transfers import store
from cloud.services.time_bank.transfers.carrying import PATH, carry
from cloud.services.time_bank.transfers.commands import give_back_overdue, hear, offer
from cloud.services.time_bank.transfers.key import Bank, open_bank
from cloud.services.time_bank.transfers.messages import Kind, Letter, Message, encode_letter, sign
from cloud.services.time_bank.transfers.model import Way
from cloud.time_bank_config import Partner, TimeBank
from tests.cloud.web.community import NOW
from tests.cloud.web.running import Site, running_site
from tests.integration.test_time_bank_ledger import create_people, standing

pytestmark = pytest.mark.integration

LASTS = timedelta(hours=72)


@dataclass(frozen=True)
class Banks:
    pool: AsyncPool
    client: httpx.AsyncClient
    east: Bank
    west: Bank
    accounts: list[Account]

    async def send(self, minutes: int, code: str = "") -> UUID:
        key = uuid4()
        async with self.pool.connection() as connection:
            giver = await ledger.account(connection, self.accounts[0].account_id)
            taker = code or self.accounts[1].code
            await offer(connection, self.east, giver, "west", taker, minutes, NOW, key=key, lasts=LASTS)
        return key

    async def carry(self) -> int:
        return await carry(self.pool, self.client, self.east, NOW)

    async def balances(self) -> dict[str, int]:
        async with self.pool.connection() as connection:
            found = [(await ledger.account(connection, one.account_id)).balance for one in self.accounts]
            sums = await ledger.sums(connection)
        return {"giver": found[0], "taker": found[1], "transit": sums.get("transit", 0)} | {
            name: minutes for name, minutes in sums.items() if name.startswith("bank:")
        }

    async def state(self, key: UUID, way: Way) -> str | None:
        async with self.pool.connection() as connection:
            one = await store.transfer(connection, key, way)
        return None if one is None else one.state

    async def letter(self, key: UUID, way: Way, step: str) -> Letter:
        async with self.pool.connection() as connection:
            found = await store.letter(connection, key, way, step)
        assert found is not None
        return found

    async def tell(self, bank: Bank, letter: Letter) -> Letter | None:
        async with self.pool.connection() as connection:
            return await hear(connection, bank, letter, NOW)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Bank, Bank]:
    """East and west, without knowing each other yet."""
    return open_bank(TimeBank(name="east"), tmp_path / "east"), open_bank(TimeBank(name="west"), tmp_path / "data")


@pytest.fixture
def west(tmp_path: Path, database: str, keys: tuple[Bank, Bank]) -> Iterator[Site]:
    """The west's site, with the key that `keys` made for it."""
    partner = f'name = "east"\naddress = "https://east.invalid"\npublic_key = "{keys[0].shown_key}"'
    with running_site(tmp_path, database, web=f'[time_bank]\nname = "west"\n[[time_bank.partners]]\n{partner}') as site:
        yield site


@pytest.fixture
async def banks(tmp_path: Path, database: str, keys: tuple[Bank, Bank], west: Site) -> AsyncIterator[Banks]:
    known = [Partner(name="west", address=west.address, public_key=keys[1].shown_key)]
    east = open_bank(TimeBank(name="east", partners=known), tmp_path / "east")
    other = [Partner(name="east", address="https://east.invalid", public_key=keys[0].shown_key)]
    here = open_bank(TimeBank(name="west", partners=other), tmp_path / "data")
    people = create_people(database, 2)
    async with create_async_pool(database, "test", size=2) as pool, httpx.AsyncClient(trust_env=False) as client:
        async with pool.connection() as connection:
            accounts = [await ledger.open_account(connection, NOW, staff_id=staff_id) for staff_id in people]
            community = await ledger.system_account(connection, System.COMMUNITY)
            await ledger.book(connection, moved(uuid4(), Deed.EARN, community, accounts[0].account_id, 100), NOW)
        yield Banks(pool, client, east, here, accounts)


async def test_hours_arrive_once_and_both_sides_hold_the_proof(banks: Banks, database: str) -> None:
    key = await banks.send(90)
    assert await banks.balances() == {"giver": 10, "taker": 0, "transit": 90}
    with pytest.raises(NotEnough):
        await banks.send(11)
    assert await banks.carry() == 1  # offered, and agreed to
    assert await banks.balances() == {"giver": 10, "taker": 0, "transit": 0, "bank:west": 90}
    assert await banks.carry() == 1  # committed, and receipted
    assert await banks.carry() == 0
    after = await banks.balances()
    assert after == {"giver": 10, "taker": 90, "transit": 0, "bank:west": 90, "bank:east": -90}
    assert [await banks.state(key, way) for way in ("out", "in")] == ["done", "done"]
    steps = ("offer", "accept", "commit", "receipt")
    out = [await banks.letter(key, "out", step) for step in steps]
    assert out == [await banks.letter(key, "in", step) for step in steps]
    for letter in (out[0], out[2]):  # told again, also by who listened to the line
        again = await banks.client.post(
            f"{banks.east.addresses['west']}{PATH}",
            content=encode_letter(letter),
            headers={"content-type": "application/json", "origin": banks.east.addresses["west"]},
        )
        assert again.status_code == 200
    for letter in (out[1], out[3]):
        assert await banks.tell(banks.east, letter) is None
    assert await banks.balances() == after
    forged = sign(_read(out[0]), Ed25519PrivateKey.generate())
    refused = await banks.client.post(
        f"{banks.east.addresses['west']}{PATH}",
        content=encode_letter(forged),
        headers={"content-type": "application/json", "origin": banks.east.addresses["west"]},
    )
    assert refused.status_code == 422
    unknown = await banks.send(7, "NOBODYHERE22")
    assert await banks.carry() == 1
    assert await banks.state(unknown, "out") == "refused"
    assert await banks.balances() == after
    assert standing(database) == []


async def test_an_agreement_that_comes_too_late_changes_nothing(banks: Banks, database: str) -> None:
    key = await banks.send(40)
    accept = await banks.tell(banks.west, await banks.letter(key, "out", "offer"))  # and the answer is on its way
    assert accept is not None
    late = NOW + LASTS
    async with banks.pool.connection() as connection:
        assert await give_back_overdue(connection, banks.east, late) == 1
        assert await give_back_overdue(connection, banks.east, late) == 0
    assert await banks.tell(banks.east, accept) is None
    assert await banks.balances() == {"giver": 100, "taker": 0, "transit": 0}
    assert await banks.carry() == 1  # cancelled over there too
    assert [await banks.state(key, way) for way in ("out", "in")] == ["given_back", "given_back"]
    cancel = await banks.letter(key, "out", "cancel")
    commit = sign(_with_step(cancel, "commit"), banks.east.key)
    with pytest.raises(RejectedMessage):
        await banks.tell(banks.west, commit)
    assert standing(database) == []


def _read(letter: Letter) -> Message:
    return msgspec.json.decode(letter.body, type=Message)


def _with_step(letter: Letter, step: Kind) -> Message:
    return msgspec.structs.replace(_read(letter), step=step)
