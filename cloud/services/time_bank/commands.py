"""What is done with hours. Each command is one transaction; done twice it is done once. All raise NotEnough."""

from datetime import datetime
from uuid import UUID

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.services.time_bank import store
from cloud.services.time_bank.model import Account, Deed, NotEnough, System
from cloud.services.time_bank.posting import earned, entry_id_of, expired, moved, taken_back

CORRECTABLE = frozenset({Deed.EARN, Deed.GIVE, Deed.EXPIRE})
"""The others are undone by what follows them."""


async def give(
    connection: AsyncConnection,
    giver: Account,
    code: str,
    minutes: int,
    now: datetime,
    *,
    key: UUID,
    staff_id: int | None = None,
) -> bool:
    """From one's own account to the one with this code; an empty code: to the community, for who has no hours.

    `key` is drawn for this one gift; False where it was given already. Raises NotFound, and ValueError for no minutes.
    """
    taker = (
        await store.account_with_code(connection, code)
        if code
        else await store.system_account(connection, System.COMMUNITY)
    )
    if taker is None:
        raise NotFound("nobody has an account with this code")
    if taker == giver.account_id:
        raise Conflict("this is your own account")
    entry = moved(entry_id_of("give", giver.account_id, key), Deed.GIVE, giver.account_id, taker, minutes)
    async with connection.transaction():
        return await store.book(connection, entry, now, staff_id=staff_id)


async def set_aside(
    connection: AsyncConnection, visit_id: int, elder_id: int, minutes: int, now: datetime, *, staff_id: int
) -> int:
    """Sets aside what this elder's account has for a visit of `minutes`, and gives how much that is.

    The caller holds the visit's row. An elder without hours, or without an account, is visited all the same.
    """
    account = await store.account_of_elder(connection, elder_id)
    waits = await store.set_aside_for(connection, visit_id)
    wanted = min(minutes - waits, 0 if account is None else account.balance)
    if account is None or wanted <= 0:
        return waits
    reserved = await store.system_account(connection, System.RESERVED)
    times = await store.times_set_aside(connection, visit_id)
    entry = moved(entry_id_of("reserve", visit_id, times), Deed.RESERVE, account.account_id, reserved, wanted)
    try:
        await store.book(connection, entry.of_visit(visit_id), now, staff_id=staff_id)
    except NotEnough:  # spent in this very moment: the community pays
        return waits
    return waits + wanted


async def pay_visit(  # noqa: PLR0917 - who made which visit to whom, for how long, and when
    connection: AsyncConnection, visit_id: int, elder_id: int, staff_id: int, minutes: int, now: datetime
) -> bool:
    """A volunteer made the visit, `minutes` at the door; False where it stands booked, or nothing is to be booked.

    The caller holds the visit's row.
    """
    nth, stands = await store.earned_before(connection, visit_id)
    if stands:
        return False
    volunteer = await store.account_of_staff(connection, staff_id)
    if volunteer is None:
        volunteer = await store.open_account(connection, now, staff_id=staff_id)
    set_aside_before = await store.set_aside_for(connection, visit_id)
    community = await store.system_account(connection, System.COMMUNITY)
    payer = await store.account_of_elder_anyhow(connection, elder_id)
    entry = earned(
        visit_id,
        nth,
        minutes,
        volunteer=volunteer.account_id,
        reserved=await store.system_account(connection, System.RESERVED),
        set_aside=set_aside_before,
        elder=community if payer is None else payer,
        community=community,
    )
    return entry is not None and await store.book(connection, entry, now, staff_id=staff_id)


async def correct(
    connection: AsyncConnection, entry_id: UUID, why: str, now: datetime, *, staff_id: int
) -> tuple[Deed, int | None]:
    """Takes a deed back by its counter-entry; gives what it was and of which visit. `why` is a code.

    Raises NotFound, NotEnough where the minutes are spent, and Conflict where it was taken back before or is undone by
    other means.
    """
    async with connection.transaction():
        kind, visit_id = await store.kind_of(connection, entry_id)
        if kind not in CORRECTABLE:
            raise Conflict(f"a deed of the kind {kind} is not taken back")
        lines = await store.lines_of(connection, entry_id)
        entry = taken_back(entry_id, lines, visit_id, why)
        if not await store.book(connection, entry, now, staff_id=staff_id):
            raise Conflict("this was taken back already")
        return kind, visit_id


async def expire(connection: AsyncConnection, cutoff: datetime, now: datetime) -> int:
    """Lets go what came before `cutoff` and was not used; gives how many accounts that was."""
    let_go = 0
    for account_id, came, spent in await store.aged(connection, cutoff):
        minutes = expired(came, spent, cutoff)
        async with connection.transaction():
            balance = (await store.account(connection, account_id)).balance
            if (old := min(minutes, balance)) > 0:
                away = await store.system_account(connection, System.EXPIRED)
                entry_id = entry_id_of("expire", account_id, cutoff.isoformat())
                let_go += await store.book(connection, moved(entry_id, Deed.EXPIRE, account_id, away, old), now)
    return let_go


async def release(connection: AsyncConnection, visit_id: int, elder_id: int, now: datetime) -> bool:
    """Gives back what is set aside for a visit; False where nothing is. The caller holds the visit's row."""
    minutes = await store.set_aside_for(connection, visit_id)
    account_id = await store.account_of_elder_anyhow(connection, elder_id)
    if account_id is None or minutes <= 0:
        return False
    reserved = await store.system_account(connection, System.RESERVED)
    nth = await store.times_set_aside(connection, visit_id)
    entry = moved(entry_id_of("release", visit_id, nth), Deed.RELEASE, reserved, account_id, minutes)
    return await store.book(connection, entry.of_visit(visit_id), now)


async def release_left(connection: AsyncConnection, now: datetime) -> int:
    """Gives back what is set aside for visits that no volunteer makes any more; gives how many."""
    given = 0
    for visit_id, elder_id in await store.left_aside(connection):
        async with connection.transaction():
            given += await release(connection, visit_id, elder_id, now)
    return given
