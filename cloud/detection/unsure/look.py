"""One record that is nobody's for sure is looked at, in one transaction."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from cloud.db.pool import Connection, DatabaseAway
from cloud.detection.limits import Limits
from cloud.detection.news import FRESH, NEWS_AGE
from cloud.detection.unsure import store
from cloud.detection.unsure.severe import severe
from protocols.reading import Metric

log = structlog.get_logger()

_AROUND = timedelta(hours=48)
"""How far back beside the record others count; no rule of repetition of ours looks farther."""


def look_at_next_record(connection: Connection, limits: Limits, now: datetime, *, fresh: timedelta = FRESH) -> bool:
    """Looks at the record that waits longest; False where none waits.

    Killed half-way it has done nothing, and the record still waits. A person who says whose it was meanwhile waits for
    this look, and closes what it raised.
    """
    due = None
    try:
        with connection.transaction():
            due = store.claim(connection)
            if due is None:
                return False
            _look_at(connection, due, limits, now, fresh)
            store.forget(connection, due)
    except DatabaseAway:
        raise
    except Exception:
        if due is not None:  # one record that cannot be judged must not keep all others waiting
            with connection.transaction():
                store.put_back(connection, due, now)
        raise
    return True


def _look_at(connection: Connection, due: store.DueRecord, limits: Limits, now: datetime, fresh: timedelta) -> None:
    metrics = frozenset[Metric]().union(*(rule.metrics for rule in limits.rule if rule.floor))
    record, around = store.nobodys(connection, due, metrics, now - NEWS_AGE - _AROUND)
    found = severe(record, around, limits=limits, now=now, zone=ZoneInfo(due.time_zone), fresh=fresh)
    if found is not None and store.keep(connection, due, found, min(one.measured_at for one in record), now):
        log.warning("severe_unsure", gateway=due.gateway_id, device=due.device_id, priority=str(found.priority))
