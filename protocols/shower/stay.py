"""Somebody is under the shower for too long, or no longer moves there. Pure: time is passed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class StayRules:
    still: timedelta
    """The water runs and nobody moved for so long; zero: not watched."""
    longest: timedelta
    """The water runs for so long, whoever moves; zero: not watched."""


class StayWatch:
    """Asked at any moment: silence of the sensor is no reason not to worry. A stay is told once."""

    def __init__(self, rules: StayRules) -> None:
        self._rules = rules
        self._tells_motion = False
        self._moved: datetime | None = None
        self._told_of: datetime | None = None

    def moved(self, motion: bool, at: datetime) -> None:
        """Call it for repeated values too: motion that goes on is motion now."""
        self._tells_motion = True
        if motion:
            self._moved = at

    def is_too_long(self, began: datetime | None, at: datetime) -> bool:
        """`began`: since when the water runs, None where it does not. True once for each shower."""
        if began is None or began == self._told_of or not self._exceeds(began, at):
            return False
        self._told_of = began
        return True

    def due_at(self, began: datetime) -> datetime | None:
        """When the stay is too long, if nobody moves until then and the water runs on; None: it is not watched."""
        rules, due = self._rules, []
        if rules.longest:
            due.append(began + rules.longest)
        if rules.still and self._tells_motion:
            moved = began if self._moved is None else max(began, self._moved)
            due.append(moved + rules.still)
        return min(due, default=None)

    def _exceeds(self, began: datetime, at: datetime) -> bool:
        due = self.due_at(began)
        return due is not None and at >= due
