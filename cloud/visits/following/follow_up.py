"""After a visit: somebody comes again where the report or the elder's word says so; in the end it is closed."""

from datetime import date, datetime, timedelta

import structlog

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.visits import store as visits
from cloud.visits.following import store
from cloud.visits.model import FollowUp, VisitState
from cloud.visits.promises import promised_within

log = structlog.get_logger()

_AT_ONCE = 200
THOUGHT_AGAIN = "thought_again"
"""The note of a cancelled follow-up: the elder gave a better mark after all."""


async def propose_next(connection: AsyncConnection, visit_id: int, staff_id: int, on: date, now: datetime) -> None:
    """The next visit that the report of `visit_id` proposes, on that day."""
    followed = await store.put_next_visit(connection, visit_id, on, asked_at=now)
    if followed is not None:
        await visits.add_event(connection, followed, VisitState.PROPOSED, now, staff_id=staff_id)


async def hear_mark(connection: AsyncConnection, visit_id: int, face: int, now: datetime, policy: Visits) -> None:
    """A low mark has somebody come and ask; a better one afterwards calls off what nobody accepted yet."""
    if face <= policy.low_mark:
        followed = await store.put_follow_up(
            connection,
            visit_id,
            FollowUp.LOW_MARK,
            Priority.THIS_WEEK,
            asked_at=now,
            promised_by=now + promised_within(Priority.THIS_WEEK, policy),
        )
        if followed is not None:
            await visits.add_event(connection, followed, VisitState.PROPOSED, now, by_elder=True)
            log.info("visit_follows_low_mark", visit=followed, follows=visit_id)
        return
    needless = await store.open_follow_up(connection, visit_id, FollowUp.LOW_MARK)
    if needless is not None:
        await visits.cancel(connection, needless, THOUGHT_AGAIN, now)


async def close_visits(connection: AsyncConnection, now: datetime, policy: Visits) -> int:
    """Closes visits on which the elder may say nothing more; gives how many. One transaction."""
    async with connection.transaction():
        return await store.close_before(connection, now - timedelta(hours=policy.close_after_h), now, _AT_ONCE)
