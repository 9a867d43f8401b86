"""After a visit: somebody comes again where the report or the elder's word says so; in the end it is closed."""

from datetime import date, datetime, timedelta

import structlog

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.routes_config import Routes
from cloud.visits import store as visits
from cloud.visits.following import store
from cloud.visits.model import FollowUp, VisitState
from cloud.visits.promising.promising import promised_by
from cloud.visits.reporting import store as reporting

log = structlog.get_logger()

_AT_ONCE = 200
THOUGHT_AGAIN = "thought_again"
"""The note of a cancelled follow-up: the elder gave a better mark after all."""


async def propose_next(connection: AsyncConnection, visit_id: int, staff_id: int, on: date, now: datetime) -> None:
    """The next visit that the report of `visit_id` proposes, on that day."""
    followed = await store.put_next_visit(connection, visit_id, on, asked_at=now)
    if followed is not None:
        await visits.add_event(connection, followed, VisitState.PROPOSED, now, staff_id=staff_id)


async def hear_mark(  # noqa: PLR0917 - who gave which visit what mark, when, and what follows
    connection: AsyncConnection,
    visit_id: int,
    elder_id: int,
    face: int,
    now: datetime,
    policy: Visits,
    routes: Routes,
) -> None:
    """A low mark has somebody come and ask, and sooner where it is not the first one lately; a better one afterwards
    calls off what nobody accepted yet."""
    low = face <= policy.low_mark
    complains = low or face <= policy.complaint_mark
    again = (
        complains
        and policy.complaints > 0
        and await reporting.marks_at_most(
            connection, visit_id, policy.complaint_mark, now, timedelta(days=policy.complaint_days)
        )
        >= policy.complaints
    )
    wanted = FollowUp.COMPLAINED_AGAIN if again else FollowUp.LOW_MARK if low else None
    for why, priority in ((FollowUp.LOW_MARK, Priority.THIS_WEEK), (FollowUp.COMPLAINED_AGAIN, Priority.TODAY)):
        if why is not wanted:
            needless = await store.open_follow_up(connection, visit_id, why)
            if needless is not None:
                await visits.cancel(connection, needless, THOUGHT_AGAIN, now)
            continue
        by = await promised_by(connection, elder_id, priority, now, policy, routes)
        followed = await store.put_follow_up(connection, visit_id, why, priority, asked_at=now, promised_by=by)
        if followed is not None:
            await visits.add_event(connection, followed, VisitState.PROPOSED, now, by_elder=True)
            log.info("visit_follows_mark", visit=followed, follows=visit_id, why=why.value)


async def close_visits(connection: AsyncConnection, now: datetime, policy: Visits) -> int:
    """Closes visits on which the elder may say nothing more; gives how many. One transaction."""
    async with connection.transaction():
        return await store.close_before(connection, now - timedelta(hours=policy.close_after_h), now, _AT_ONCE)
