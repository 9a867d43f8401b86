"""The steps of a transfer. Each is one transaction; whatever is heard twice is done once."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound, RejectedMessage
from cloud.services.time_bank import store as ledger
from cloud.services.time_bank.model import Account, Deed, System, account_of_bank
from cloud.services.time_bank.posting import entry_id_of, moved
from cloud.services.time_bank.transfers import store
from cloud.services.time_bank.transfers.key import Bank
from cloud.services.time_bank.transfers.messages import Kind, Letter, Message, read, sign
from cloud.services.time_bank.transfers.model import Transfer, Way

log = structlog.get_logger()


async def offer(  # noqa: PLR0917 - who gives how much to whom, and when
    connection: AsyncConnection,
    bank: Bank,
    giver: Account,
    partner: str,
    taker: str,
    minutes: int,
    now: datetime,
    *,
    key: UUID,
    lasts: timedelta,
    staff_id: int | None = None,
) -> bool:
    """`minutes` leave the account and wait for the partner's word; False where `key` offered them already.

    Raises NotFound for a bank that is no partner, NotEnough, and ValueError for no minutes.
    """
    if partner not in bank.partners:
        raise NotFound(f"there is no partner {partner!r}")
    async with connection.transaction():
        transit = await ledger.system_account(connection, System.TRANSIT)
        entry = moved(entry_id_of("send", key), Deed.SEND, giver.account_id, transit, minutes)
        if not await ledger.book(connection, entry, now, staff_id=staff_id):
            return False
        one = Transfer(
            transfer_id=key, way="out", bank=partner, account_id=giver.account_id, other_code=taker, minutes=minutes,
            state="offered", asked_at=now, ends_at=now + lasts,
        )  # fmt: skip
        if not await store.add(connection, one):
            raise Conflict("this transfer stands already")
        await _say(connection, bank, one, giver=giver.code, step="offer", now=now)
        return True


async def hear(connection: AsyncConnection, bank: Bank, letter: Letter, now: datetime) -> Letter | None:
    """What a partner told, and our answer to it, signed; None: there is nothing to answer.

    Raises RejectedMessage for what is not a partner's, or contradicts what both sides signed before.
    """
    message = read(letter, bank.partners, bank.name)
    log.info("time_bank_heard", step=message.step, transfer=str(message.transfer), bank=message.by)
    async with connection.transaction():
        match message.step:
            case "offer":
                return await _hear_offer(connection, bank, message, letter, now)
            case "commit" | "cancel":
                return await _hear_end(connection, bank, message, letter, now)
            case _:
                await _hear_answer(connection, bank, message, letter, now)
                return None


async def give_back_overdue(connection: AsyncConnection, bank: Bank, now: datetime) -> int:
    """What nobody agreed to in time comes back to who gave it; gives how many."""
    given = 0
    for transfer_id in await store.overdue(connection, now):
        async with connection.transaction():
            one = await store.transfer(connection, transfer_id, "out")
            if one is None or one.state != "offered" or one.ends_at > now:
                continue  # agreed to meanwhile
            await _send_back(connection, one, now)
            await store.set_state(connection, transfer_id, "out", "given_back")
            giver = await ledger.account(connection, one.account_id)
            await _say(connection, bank, one, giver=giver.code, step="cancel", now=now)
            log.info("time_bank_given_back", transfer=str(transfer_id), bank=one.bank)
            given += 1
    return given


async def _hear_offer(
    connection: AsyncConnection, bank: Bank, message: Message, letter: Letter, now: datetime
) -> Letter:
    account_id = await ledger.account_with_code(connection, message.taker)
    if account_id is None or message.ends_at <= now:
        return sign(_answer(message, bank, "refuse", now), bank.key)
    one = Transfer(
        transfer_id=message.transfer, way="in", bank=message.by, account_id=account_id, other_code=message.giver,
        minutes=message.minutes, state="accepted", asked_at=message.at, ends_at=message.ends_at,
    )  # fmt: skip
    if await store.add(connection, one):
        await store.keep_letter(connection, one.transfer_id, "in", "offer", letter, now, ours=False)
        answer = sign(_answer(message, bank, "accept", now), bank.key)
        await store.keep_letter(connection, one.transfer_id, "in", "accept", answer, now, ours=True)
        return answer
    if await store.letter(connection, one.transfer_id, "in", "offer") != letter:
        raise RejectedMessage("another offer stands under this number")
    said = await store.letter(connection, one.transfer_id, "in", "accept")
    if said is None:
        raise RejectedMessage("this transfer is another bank's")
    return said


async def _hear_end(
    connection: AsyncConnection, bank: Bank, message: Message, letter: Letter, now: datetime
) -> Letter | None:
    """The offering side committed, or gave the minutes back."""
    one = await _known(connection, message, "in")
    if one.state == "done":
        if message.step == "cancel":
            raise RejectedMessage("this transfer was committed before")
        return await store.letter(connection, one.transfer_id, "in", "receipt")
    if message.step == "cancel":
        await store.set_state(connection, one.transfer_id, "in", "given_back")
        await store.keep_letter(connection, one.transfer_id, "in", "cancel", letter, now, ours=False)
        return None
    if one.state != "accepted":
        raise RejectedMessage(f"this transfer is {one.state}: it cannot be committed")
    theirs = await ledger.system_account(connection, account_of_bank(one.bank))
    entry = moved(entry_id_of("receive", one.transfer_id), Deed.RECEIVE, theirs, one.account_id, one.minutes)
    await ledger.book(connection, entry, now)
    await store.set_state(connection, one.transfer_id, "in", "done")
    await store.keep_letter(connection, one.transfer_id, "in", "commit", letter, now, ours=False)
    receipt = sign(_answer(message, bank, "receipt", now), bank.key)
    await store.keep_letter(connection, one.transfer_id, "in", "receipt", receipt, now, ours=True)
    return receipt


async def _hear_answer(
    connection: AsyncConnection, bank: Bank, message: Message, letter: Letter, now: datetime
) -> None:
    """The other side's word on what we offered or committed."""
    one = await _known(connection, message, "out")
    await store.keep_letter(connection, one.transfer_id, "out", message.step, letter, now, ours=False)
    if message.step == "receipt" and one.state == "committed":
        await store.set_state(connection, one.transfer_id, "out", "done")
    if one.state != "offered":
        return  # heard before, or too late: it was given back
    if message.step == "refuse":
        await _send_back(connection, one, now)
        await store.set_state(connection, one.transfer_id, "out", "refused")
    elif message.step == "accept" and now < one.ends_at:
        transit = await ledger.system_account(connection, System.TRANSIT)
        theirs = await ledger.system_account(connection, account_of_bank(one.bank))
        entry = moved(entry_id_of("sent", one.transfer_id), Deed.SENT, transit, theirs, one.minutes)
        await ledger.book(connection, entry, now)
        await store.set_state(connection, one.transfer_id, "out", "committed")
        await _say(connection, bank, one, giver=message.giver, step="commit", now=now)


async def _known(connection: AsyncConnection, message: Message, way: Way) -> Transfer:
    """The transfer of which this is a step. Raises RejectedMessage where what was agreed was another."""
    one = await store.transfer(connection, message.transfer, way)
    if one is None or one.bank != message.by:
        raise RejectedMessage("there is no such transfer with this bank")
    other = message.giver if way == "in" else message.taker
    if (one.minutes, one.other_code) != (message.minutes, other):
        raise RejectedMessage("this is not what was offered")
    return one


async def _send_back(connection: AsyncConnection, one: Transfer, now: datetime) -> None:
    transit = await ledger.system_account(connection, System.TRANSIT)
    entry = moved(entry_id_of("send_back", one.transfer_id), Deed.SEND_BACK, transit, one.account_id, one.minutes)
    await ledger.book(connection, entry, now)


async def _say(
    connection: AsyncConnection, bank: Bank, one: Transfer, *, giver: str, step: Kind, now: datetime
) -> None:
    message = Message(
        step=step, transfer=one.transfer_id, by=bank.name, to=one.bank, giver=giver, taker=one.other_code,
        minutes=one.minutes, ends_at=one.ends_at, at=now,
    )  # fmt: skip
    await store.keep_letter(connection, one.transfer_id, "out", step, sign(message, bank.key), now, ours=True)


def _answer(message: Message, bank: Bank, step: Kind, now: datetime) -> Message:
    return msgspec.structs.replace(message, step=step, by=bank.name, to=message.by, at=now)
