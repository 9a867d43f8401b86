"""Which of a sensor's values are worth keeping: a humidity every second tells no more than its changes do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from protocols.reading import Metric


@dataclass(frozen=True)
class Thinning:
    least_change: float
    """In the metric's canonical unit."""
    at_least_every: timedelta | None
    """None: a value is kept only when it changed."""


EDGES = Thinning(0.5, None)
"""For values that are 0 or 1."""

THINNING: MappingProxyType[Metric, Thinning] = MappingProxyType(
    {
        Metric.HUMIDITY: Thinning(1.0, timedelta(seconds=60)),
        Metric.AMBIENT_TEMPERATURE: Thinning(0.2, timedelta(seconds=60)),
        Metric.MOTION: EDGES,
        Metric.CONTACT: EDGES,
        Metric.MOISTURE: EDGES,
        Metric.FLOW: Thinning(0.1, timedelta(minutes=10)),
        Metric.DEVICE_BATTERY: Thinning(1.0, timedelta(hours=24)),
    }
)
"""A metric that is not here is kept whenever it comes."""


class Thinner:
    """Remembers the last kept value of each metric of one sensor."""

    def __init__(self) -> None:
        self._kept: dict[Metric, tuple[float, datetime]] = {}

    def keep(self, metric: Metric, value: float, at: datetime) -> bool:
        """True when `value`, heard `at` (any one clock), is worth keeping; it is the last kept one then.

        Before anything was heard, a 0 of a two-valued metric is no edge: nothing moved.
        """
        rule = THINNING.get(metric)
        last = self._kept.get(metric)
        if rule is not None and not self._is_news(rule, last, value, at):
            return False
        self._kept[metric] = (value, at)
        return True

    @staticmethod
    def _is_news(rule: Thinning, last: tuple[float, datetime] | None, value: float, at: datetime) -> bool:
        if last is None:
            return rule is not EDGES or value != 0
        changed = abs(value - last[0]) >= rule.least_change
        return changed or (rule.at_least_every is not None and at - last[1] >= rule.at_least_every)
