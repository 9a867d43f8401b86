"""How far back a look reads events of each kind. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cloud.detection.events.store import KIND_OF_METRIC
from cloud.detection.judging import events_since
from cloud.detection.limits import Limits
from protocols.reading import Metric

STAY_IS_NEWS = timedelta(hours=6)
"""A detector that was away for longer calls nobody for a stay of then."""
_AIR_AND_WATER = STAY_IS_NEWS + timedelta(days=2)
"""What they told within two days says which witness of a shower is believed."""
_MOVEMENT = frozenset({Metric.MOTION, Metric.CONTACT})
"""Few rows a day; for how long a home is usually still asks for weeks of them."""


def for_stays(limits: Limits, now: datetime) -> Mapping[Metric, datetime]:
    """For what is told within seconds."""
    weeks = now - STAY_IS_NEWS - timedelta(days=limits.routine.longest_days)
    return {metric: weeks if metric in _MOVEMENT else now - _AIR_AND_WATER for metric in KIND_OF_METRIC}


def for_rounds(limits: Limits, now: datetime) -> Mapping[Metric, datetime]:
    return dict.fromkeys(KIND_OF_METRIC, events_since(limits, now))
