"""The alerts of a community with the days on which they were raised, as a model wants them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cloud.db.pool import Connection
from cloud.detection import store as detection
from cloud.detection.columns import HOUR_US, Readings, readings_of, us_of
from cloud.detection.limits import Limits
from cloud.detection.together import store
from cloud.detection.together.daily import METRICS, day_of
from cloud.detection.together.model import Example, Facts

_BACK = timedelta(days=30)


def examples(connection: Connection, team: int, limits: Limits) -> list[Example]:
    """Those that a nurse has judged, oldest first."""
    judged = store.judged(connection, team)
    return [
        Example(str(one.elder_id), facts, bool(one.right))
        for one, facts in zip(judged, facts_of(connection, judged, limits), strict=True)
    ]


def facts_of(connection: Connection, alerts: Sequence[store.Judged], limits: Limits) -> list[Facts]:
    """In the order of `alerts`; each knows what had arrived when it was raised."""
    first: dict[int, datetime] = {}
    for one in alerts:
        first[one.elder_id] = min(first.get(one.elder_id, one.raised_at), one.raised_at)
    readings = {elder: _readings(connection, elder, raised) for elder, raised in first.items()}
    return [
        Facts(
            one.cause,
            one.priority,
            one.score,
            one.reasons,
            (us_of(one.evidence_to) - us_of(one.evidence_from)) / HOUR_US,
            day_of(readings[one.elder_id], us_of(one.raised_at), limits.own_normal),
        )
        for one in alerts
    ]


def _readings(connection: Connection, elder_id: int, raised_at: datetime) -> Readings:
    return readings_of(detection.observations(connection, elder_id, METRICS, raised_at - _BACK), UTC)
