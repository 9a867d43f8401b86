"""Layer 2: a person compared with themselves."""

from dataclasses import dataclass

import numpy as np

from cloud.detection.calm import moments_of
from cloud.detection.change import changes
from cloud.detection.columns import DAY_US, History
from cloud.detection.deviation import deviations
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.matches import of_metrics
from cloud.detection.model import OWN_NORMAL, OWN_PREFIX, Reason

_CHANGE_OVER_US = 7 * DAY_US  # a change that still holds says so each day: a week without is its end


@dataclass(frozen=True)
class OwnLayer:
    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        settings = limits.own_normal
        found = [
            *deviations(history.readings, profile, settings, window),
            *changes(history.readings, profile, settings, window),
        ]
        found.sort(key=lambda finding: finding.known_us)
        return found

    def calm_us(
        self, reason: Reason, evidence_to_us: int, history: History, _profile: Profile, limits: Limits
    ) -> int | None:
        rows = of_metrics(history.readings, frozenset({reason.metric}))
        rows = rows.take(slice(int(np.searchsorted(rows.at_us, evidence_to_us, side="right")), None))
        if reason.rule == OWN_NORMAL and reason.limit is not None:
            out = rows.value < reason.limit if reason.comparison == "below" else rows.value > reason.limit
            return moments_of(rows, out).calm_us(evidence_to_us, limits.clearing)
        later = np.flatnonzero(rows.at_us - evidence_to_us >= _CHANGE_OVER_US)
        return int(rows.arrived_us[later[0]]) if len(later) else None

    def owns(self, reason: Reason) -> bool:
        return reason.rule.startswith(OWN_PREFIX)

    def next_look_us(self, _history: History, _profile: Profile, _limits: Limits, _now_us: int) -> int | None:
        return None
