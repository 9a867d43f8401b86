"""A coordinator's answer to a dispute: the deed stands, or its counter-entry and the right one are booked with it."""

from datetime import datetime

from cloud.db.pool import AsyncConnection
from cloud.services.time_bank import commands as bank
from cloud.services.time_bank.disputes import store
from cloud.services.time_bank.disputes.model import Outcome
from cloud.services.time_bank.model import Deed
from cloud.services.volunteers.visits.commands import correct_minutes


async def answer(
    connection: AsyncConnection,
    dispute_id: int,
    outcome: Outcome,
    words: str,
    now: datetime,
    *,
    by: int,
    minutes: int | None = None,
) -> None:
    """One transaction. `minutes`: what is right, for a visit (left out: none were made).

    Raises NotFound where nobody waits for it, and what the correction raises.
    """
    async with connection.transaction():
        it = await store.open_dispute(connection, dispute_id)
        if outcome == "corrected":
            if it.kind == Deed.EARN:
                await correct_minutes(connection, it.entry_id, minutes or 0, "disputed", now, by=by)
            else:
                await bank.correct(connection, it.entry_id, "disputed", now, staff_id=by)
        await store.answer(connection, dispute_id, outcome, words, staff_id=by, at=now)
