"""An urgent visit is somebody's at once: a nurse is asked, and when she declines or says nothing, the next one is."""

from datetime import datetime, timedelta

import structlog

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.visits import store as visits
from cloud.visits.asking import store
from cloud.visits.model import VisitState

log = structlog.get_logger()

UNANSWERED = "unanswered"
"""The note of a visit that is proposed again because the nurse who was asked did not answer."""


async def free_silent(connection: AsyncConnection, now: datetime) -> int:
    """Urgent visits whose nurse said nothing are free for the next one; gives how many. One transaction."""
    async with connection.transaction():
        silent = await store.unanswered(connection, now)
        for visit_id in silent:
            await visits.free(connection, visit_id)
            await visits.add_event(connection, visit_id, VisitState.PROPOSED, now, note=UNANSWERED)
            log.warning("visit_unanswered", visit=visit_id)
    return len(silent)


async def ask_nurses(connection: AsyncConnection, now: datetime, policy: Visits) -> int:
    """Brings urgent visits to whom they go next; gives how many changed. One transaction; done twice it is done once.

    Where nobody is left to be asked the visit is everybody's and shown as at risk.
    """
    changed = await free_silent(connection, now)
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
