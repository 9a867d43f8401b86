"""A finding of layer 3."""

from dataclasses import dataclass

from cloud.detection.columns import moment_of
from cloud.detection.finding import Finding
from cloud.detection.model import Cause, Priority, Reason
from protocols.reading import Metric


@dataclass(frozen=True)
class Noticed:
    rule: str
    cause: Cause
    value: float
    limit: float
    unit: str
    known_us: int
    from_us: int
    to_us: int
    usual: tuple[float, float, int] | None = None
    """Low, high, and of how many days or nights."""
    metric: Metric = Metric.MOTION

    def as_finding(self, priority: Priority, source: str, *, confirmed: bool) -> Finding:
        low, high, count = self.usual or (None, None, None)
        return Finding(
            cause=self.cause,
            priority=priority,
            score=min(1.0, self.value / (2 * self.limit)) if self.limit > 0 else 1.0,
            floor=False,
            known_us=self.known_us,
            evidence_from_us=self.from_us,
            evidence_to_us=self.to_us,
            arrived_us=self.to_us,
            reason=Reason(
                rule=self.rule,
                priority=priority,
                metric=self.metric,
                value=self.value,
                unit=self.unit,
                at=moment_of(self.to_us),
                since=moment_of(self.from_us),
                comparison="at_least",
                limit=self.limit,
                count=1,
                usual_low=low,
                usual_high=high,
                usual_count=count,
                source=source,
                confirmed=confirmed,
            ),
        )
