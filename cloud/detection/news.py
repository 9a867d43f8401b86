"""When a match is told: whether it is news, whether the elder is asked to measure again, and when the team works.

Pure, and causal: what it says of a moment rests on what had arrived when it is told.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from cloud.detection.columns import HOUR_US, MINUTE_US
from cloud.detection.matches import Matches, not_cleared_by
from cloud.detection.rule import Ask
from cloud.detection.team import Team

FRESH = timedelta(hours=24)
FRESH_US = 24 * HOUR_US
"""A reading that took longer than this to arrive is no news, unless the configuration says otherwise."""
NEWS_AGE = timedelta(hours=72)
NEWS_AGE_US = 72 * HOUR_US
"""Nothing older is news, however it came: a history that is loaded raises nobody from bed."""


@dataclass(frozen=True)
class Told:
    """How the matches of one rule are told."""

    matches: Matches
    team: Team
    fresh_us: int

    def at_us(self, place: int, run: list[int]) -> int | None:
        """When the run that ends at `place` is told; None where it is not."""
        matches, rule = self.matches, self.matches.rule
        if matches.arrived_us[place] - matches.at_us[place] > self.fresh_us:
            return None
        known: int | None = max(matches.arrived_us[one] for one in run)
        if rule.ask is not None and known is not None:
            known = self._after_asking(place, known, rule.ask)
        if rule.next_morning and known is not None:
            known = self._next_morning(place, known)
        if known is None or known - matches.at_us[place] > NEWS_AGE_US:
            return None
        return self.team.at_work_us(known, matches.local_shift_us[place]) if rule.in_team_hours else known

    def _next_morning(self, place: int, known_us: int) -> int | None:
        """None where the person has measured calmly meanwhile."""
        matches = self.matches
        morning = self.team.next_morning_us(known_us, matches.local_shift_us[place])
        return None if self._calm_between(matches.at_us[place], morning, morning) else morning

    def _after_asking(self, place: int, known_us: int, ask: Ask) -> int | None:
        """At once where it is the second measurement itself; None where the second one speaks instead of it."""
        matches = self.matches
        at, wait = matches.at_us[place], int(ask.wait_minutes * MINUTE_US)
        before = bisect_left(matches.at_us, at - wait, 0, place)
        if before < place:
            return known_us
        over = known_us + wait
        second = place + 1
        if second < len(matches) and matches.at_us[second] <= at + wait and matches.arrived_us[second] <= over:
            return None
        if ask.spares and self._calm_between(at, at + wait, over):
            return None
        return over

    def _calm_between(self, after_us: int, until_us: int, arrived_by_us: int) -> bool:
        """Whether a sure moment lies there with all its readings behind `clear`."""
        rule = self.matches.rule
        moments: dict[int, bool] = {}
        for condition in rule.any:
            rows = self.matches.readings.of(condition.metric)
            first, last = np.searchsorted(rows.at_us, (after_us, until_us), side="right")
            near = rows.take(slice(int(first), int(last)))
            near = near.take((near.arrived_us <= arrived_by_us) & ~near.doubtful)
            for moment, out in zip(near.at_us.tolist(), not_cleared_by(condition, near.value).tolist(), strict=True):
                moments[moment] = moments.get(moment, True) and not out
        return any(moments.values())
