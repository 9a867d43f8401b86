"""A gift, as a volunteer or an elder sends it: within this bank, or to another."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from fastapi import Request
from pydantic import BaseModel, Field

from cloud.db.pool import AsyncConnection
from cloud.services.time_bank import commands
from cloud.services.time_bank.model import Account
from cloud.services.time_bank.transfers.commands import offer
from cloud.services.time_bank.transfers.key import open_bank
from cloud.web.answers import Line
from cloud.web.services import services_of
from cloud.web.volunteers.shown import spent_already


class Gift(BaseModel):
    code: Line = Field(default="", max_length=40)
    """Of the account that gets it; left out: the community's, for who has no hours."""
    minutes: int = Field(ge=1, le=100_000)
    bank: Line = Field(default="", max_length=40)
    """Where that account is; left out: here."""
    key: UUID = Field(default_factory=uuid4)
    """Drawn for this one gift: told twice, it is given once."""


async def give_or_send(
    request: Request, conn: AsyncConnection, giver: Account, wish: Gift, staff_id: int | None
) -> None:
    services, code = services_of(request), wish.code.upper().replace(" ", "")
    with spent_already(request):
        if not wish.bank:
            await commands.give(conn, giver, code, wish.minutes, services.now, key=wish.key, staff_id=staff_id)
            return
        policy = services.config.time_bank
        bank = await asyncio.to_thread(open_bank, policy, Path(services.config.data))
        lasts = timedelta(hours=policy.transfer_hours)
        await offer(
            conn, bank, giver, wish.bank, code, wish.minutes, services.now, key=wish.key, lasts=lasts, staff_id=staff_id
        )
