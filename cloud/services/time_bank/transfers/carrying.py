"""Letters to partners: each goes out until the partner answered, and the answer is heard."""

from datetime import datetime

import httpx
import structlog

from cloud.db.pool import AsyncPool
from cloud.errors import RejectedMessage
from cloud.services.time_bank.transfers import store
from cloud.services.time_bank.transfers.commands import hear
from cloud.services.time_bank.transfers.key import Bank
from cloud.services.time_bank.transfers.messages import decode_letter, encode_letter

log = structlog.get_logger()

PATH = "/time-bank/messages"
_AT_ONCE = 50
_ANSWER_S = 10.0
_NOTHING_TO_SAY = 204


async def carry(pool: AsyncPool, client: httpx.AsyncClient, bank: Bank, now: datetime) -> int:
    """Tells what is to be told, once each; gives how many were answered. What was not goes out the next time."""
    async with pool.connection() as connection:
        waiting = await store.to_tell(connection, _AT_ONCE)
    answered = 0
    for transfer_id, partner, step, letter in waiting:
        address = bank.addresses.get(partner)
        if address is None:
            log.warning("time_bank_no_partner", bank=partner, transfer=str(transfer_id))
            continue
        try:
            answer = await client.post(
                f"{address}{PATH}",
                content=encode_letter(letter),
                headers={"content-type": "application/json", "origin": address},
                timeout=_ANSWER_S,
            )
            answer.raise_for_status()
            async with pool.connection() as connection:
                if answer.status_code != _NOTHING_TO_SAY:
                    await hear(connection, bank, decode_letter(answer.content), now)
                await store.note_told(connection, transfer_id, step, now)
        except (httpx.HTTPError, httpx.InvalidURL, RejectedMessage) as error:
            log.warning(
                "time_bank_not_told", bank=partner, step=step, transfer=str(transfer_id), error=type(error).__name__
            )
        else:
            answered += 1
    return answered
