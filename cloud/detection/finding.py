"""The seam of detection: a layer is two pure functions over an elder's columns; what it says are findings.

Every layer is asked by `judging.judge` alone; the live worker, back-tests and replays over files all call that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol

from cloud.detection.columns import History
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, Priority, Reason
from cloud.detection.news import FRESH_US
from cloud.detection.silence.hearing import Hearing
from protocols.reading import Metric


@dataclass(frozen=True)
class Profile:
    """What a layer may know of the elder beside the history, as it stands when the window ends."""

    elder_id: int | str
    zone: tzinfo
    """The home's."""
    false_verdicts: Mapping[Metric, int] = field(default_factory=dict)
    """How often of late a nurse called a finding of the own normal false."""
    fresh_us: int = FRESH_US
    """A reading that took longer to arrive is no news."""
    heard_us: int | None = None
    """When the home's gateway was heard last; None: not known, as in a replay."""
    hearing: Hearing | None = None
    """When the home was silent, and its meters; None: not known, as in a replay."""
    plan: Mapping[Metric, float] = field(default_factory=dict)
    """What the elder is to measure, and every so many days at the latest."""


@dataclass(frozen=True)
class Window:
    """The moments after `after_us` until `until_us`: what became known then is asked for."""

    after_us: int
    until_us: int

    def holds(self, us: int) -> bool:
        return self.after_us < us <= self.until_us


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed at one moment."""

    cause: Cause
    priority: Priority
    score: float
    """How unusual, 0 to 1: it ranks findings of one priority. A floor has 1."""
    floor: bool
    """Nothing suppresses it."""
    known_us: int
    """When it could be known: its newest evidence had arrived, or its timer was over."""
    evidence_from_us: int
    evidence_to_us: int
    arrived_us: int
    """When the newest of the evidence arrived; what a person had before them when they closed an episode is no news."""
    reason: Reason
    """Why, as data: `reason.rule` belongs to one layer."""


class Layer(Protocol):
    """A layer reads no clock and keeps nothing between calls."""

    def findings(self, history: History, profile: Profile, limits: Limits, window: Window, /) -> list[Finding]:
        """All findings known within `window`, oldest first.

        `history` holds what had arrived by `window.until_us`, and reaches back as far as `limits` ask. Within the
        window the readings arrived in the order in which they were measured. A finding rests on nothing that arrived
        after its `known_us`: asked for one long window or for many short ones, a layer says the same. A finding may be
        known at a moment at which nothing arrived.
        """
        ...

    def calm_us(
        self, reason: Reason, evidence_to_us: int, history: History, profile: Profile, limits: Limits, /
    ) -> int | None:
        """The first moment after `evidence_to_us` at which `reason`, one of this layer's, no longer stands.

        None: not within `history`.
        """
        ...

    def owns(self, reason: Reason, /) -> bool:
        """Whether the reason is one of this layer's."""
        ...

    def next_look_us(self, history: History, profile: Profile, limits: Limits, now_us: int, /) -> int | None:
        """When a look finds something that nothing announces by arriving; None where no timer runs."""
        ...
