"""Layer 3 in the seam of detection."""

from dataclasses import dataclass

import numpy as np

from cloud.detection.columns import HOUR_US, History
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Reason
from cloud.detection.routine.hours import next_hour_us
from cloud.detection.routine.long_stay import long_stays, next_due_us
from cloud.detection.routine.night import nights
from cloud.detection.routine.no_shower import missed_showers
from cloud.detection.routine.restless import restless
from cloud.detection.routine.settings import BATHROOM_STAY, LONG_STAY, NO_SHOWER, PREFIX, STILL
from cloud.detection.routine.steps import steps_of
from cloud.detection.routine.still import still_mornings
from cloud.detection.shower.showers import found_showers


@dataclass(frozen=True)
class RoutineLayer:
    """What is told at set hours; it asks for weeks of events."""

    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        if not len(history.events):
            return []
        found = [
            one
            for look in (restless, nights, still_mornings, missed_showers)
            for one in look(history, profile, limits, window)
        ]
        return sorted(found, key=lambda one: one.known_us)

    def calm_us(
        self, reason: Reason, evidence_to_us: int, history: History, _profile: Profile, limits: Limits
    ) -> int | None:
        if reason.rule == NO_SHOWER:
            later = [one.known_us for one in found_showers(history.events) if one.began_us > evidence_to_us]
            return min(later, default=None)
        if reason.rule == STILL:
            moved = steps_of(history.events, HOUR_US).rows
            place = int(np.searchsorted(moved.at_us, evidence_to_us, side="right"))
            return int(moved.arrived_us[place]) if place < len(moved) else None
        return evidence_to_us + int(limits.routine.restless.calm_hours * HOUR_US)

    def owns(self, reason: Reason) -> bool:
        return reason.rule.startswith(PREFIX) and reason.rule not in (LONG_STAY, BATHROOM_STAY)

    def next_look_us(self, history: History, profile: Profile, limits: Limits, now_us: int) -> int | None:
        return next_hour_us(history, profile, limits, now_us) if len(history.events) else None


@dataclass(frozen=True)
class StayLayer:
    """What is told within seconds; two days of events are enough."""

    told_after_us: int | None = None
    """What was known by then is no news, whatever the window: who looks at few hours does not know what was before."""

    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        if not len(history.events):
            return []
        if self.told_after_us is not None:
            window = Window(max(window.after_us, self.told_after_us), window.until_us)
        return long_stays(history, profile, limits, window)

    def calm_us(
        self, _reason: Reason, _evidence_to_us: int, _history: History, _profile: Profile, _limits: Limits
    ) -> int | None:
        return None

    def owns(self, reason: Reason) -> bool:
        return reason.rule == LONG_STAY

    def next_look_us(self, history: History, _profile: Profile, limits: Limits, now_us: int) -> int | None:
        return next_due_us(history, limits, now_us) if len(history.events) else None
