"""An urgent visit is somebody's at once: a nurse is asked, and when she declines or says nothing, the next one is."""

from datetime import datetime, timedelta

import structlog

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.visits import store as visits
from cloud.visits.asking import store
from cloud.visits.model import VisitState
from cloud.visits.reaching.store import unreached

log = structlog.get_logger()

UNANSWERED = "unanswered"
"""The note of a visit that is proposed again because the nurse who was asked did not answer."""
UNREACHED = "unreached"
"""The same, because none of her phones says that it has the push."""


async def free_silent(connection: AsyncConnection, now: datetime, policy: Visits) -> int:
    """Urgent visits whose nurse said nothing are free for the next one; gives how many. One transaction."""
    async with connection.transaction():
        silent = dict.fromkeys(await unreached(connection, now - timedelta(seconds=policy.reach_now_s)), UNREACHED)
        silent |= dict.fromkeys(await store.unanswered(connection, now), UNANSWERED)
        for visit_id, note in silent.items():
            await visits.free(connection, visit_id)
            await visits.add_event(connection, visit_id, VisitState.PROPOSED, now, note=note)
            log.warning("visit_goes_on", visit=visit_id, why=note)
    return len(silent)


async def ask_nurses(connection: AsyncConnection, now: datetime, policy: Visits) -> int:
    """Brings urgent visits to whom they go next; gives how many changed. One transaction; done twice it is done once.

    Where nobody is left to be asked the visit is everybody's and shown as at risk.
    """
    changed = await free_silent(connection, now, policy)
    async with connection.transaction():
        for visit_id in await store.urgent(connection):
            nurse_id = await store.next_nurse(connection, visit_id)
            if nurse_id is not None:
                answer_by = now + timedelta(minutes=policy.answer_now_min)
                await store.assign(connection, visit_id, nurse_id, now, answer_by=answer_by)
                log.info("visit_assigned", visit=visit_id, staff=nurse_id)
                changed += 1
            elif await store.nobody_left(connection, visit_id):
                log.warning("visit_nobody_left", visit=visit_id)
                changed += 1
    return changed
