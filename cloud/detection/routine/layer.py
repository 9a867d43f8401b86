"""Layer 3 in the seam of detection."""

from dataclasses import dataclass

from cloud.detection.columns import HOUR_US, History
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Reason
from cloud.detection.routine.restless import restless
from cloud.detection.routine.settings import PREFIX


@dataclass(frozen=True)
class RoutineLayer:
    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        if not len(history.events):
            return []
        return sorted(restless(history, profile, limits, window), key=lambda one: one.known_us)

    def calm_us(
        self, _reason: Reason, evidence_to_us: int, _history: History, _profile: Profile, limits: Limits
    ) -> int | None:
        return evidence_to_us + int(limits.routine.restless.calm_hours * HOUR_US)

    def owns(self, reason: Reason) -> bool:
        return reason.rule.startswith(PREFIX)

    def next_look_us(self, _history: History, _profile: Profile, _limits: Limits, _now_us: int) -> int | None:
        return None
