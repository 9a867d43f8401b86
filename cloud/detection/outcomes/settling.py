"""Brings the figures of one elder to what nurses said of the alerts."""

from datetime import datetime, timedelta

import structlog

from cloud.db.pool import Connection
from cloud.detection.limits import Limits
from cloud.detection.outcomes import store
from cloud.detection.outcomes.moving import changes
from cloud.detection.personal.store import overrides

log = structlog.get_logger()


def settle(connection: Connection, elder_id: int, limits: Limits, now: datetime) -> int:
    """`limits` are the file's. Gives how many figures changed; done twice it is done once."""
    judged = store.judged(connection, elder_id, now - timedelta(days=limits.outcomes.days))
    found = changes(limits, judged, overrides(connection, elder_id))
    for change in found:
        store.apply(connection, elder_id, change, now)
        value = None if change.moved is None else change.moved.value
        log.info("limit_moved", elder=elder_id, rule=change.key[0], metric=change.key[1].value, value=value)
    return len(found)
