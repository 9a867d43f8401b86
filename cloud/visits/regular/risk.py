"""How often somebody comes unasked, by what is known of an elder. Pure."""

from dataclasses import dataclass
from datetime import date

from cloud.routes_config import RiskClass

VERY_OLD = 85
HIGH, RAISED = 5, 2
"""Points from which a class begins."""


@dataclass(frozen=True)
class Indicators:
    elder_id: int
    today: date
    """Where the home is."""
    born_on: date | None
    risks: int
    """Written down in the registry."""
    conditions: int
    alerts: int
    """Raised in the last ninety days and not found false."""
    calls: int
    """For help, in the last ninety days, that were neither tests nor mistakes."""


def class_of(known: Indicators) -> RiskClass:
    """A point for each risk, alert and call, three of a kind at most; for two conditions; for great age."""
    old = known.born_on is not None and known.today.year - known.born_on.year > VERY_OLD
    points = min(known.risks, 3) + min(known.alerts, 3) + min(known.calls, 3) + (known.conditions >= 2) + old
    if points >= HIGH:
        return "high"
    return "raised" if points >= RAISED else "usual"


def first_on(known: Indicators, every_days: int) -> date:
    """Spread over the interval, so that not everybody's first visit falls on one day."""
    return date.fromordinal(known.today.toordinal() + 1 + known.elder_id % every_days)
