"""What a back-test reads of one elder, and the alerts it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cloud.detection.columns import Events
from cloud.detection.model import Cause, Observation, Priority, Verdict
from cloud.detection.personal.model import Override
from protocols.reading import Metric


@dataclass(frozen=True)
class Word:
    """A person closed an elder's episode, or judged one that had ended by itself."""

    cause: Cause
    at: datetime
    verdict: Verdict | None


@dataclass(frozen=True)
class History:
    elder_id: int
    time_zone: str
    """IANA name of the home's zone."""
    observations: tuple[Observation, ...]
    words: tuple[Word, ...]
    overrides: tuple[Override, ...] = ()
    """The elder's own figures, all that were ever set."""
    events: Events | None = None
    """What the home's sensors told; None: nothing."""
    plan: Mapping[Metric, float] = field(default_factory=dict)
    """What the elder is to measure, and every so many days at the latest: as it stands now."""


@dataclass(frozen=True, order=True)
class Lived:
    """One episode from first to last, as an alert tells it."""

    elder_id: int
    raised_at: datetime
    cause: Cause
    rules: tuple[str, ...]
    """The ids of all rules that spoke in it, sorted."""
    priority: Priority
    """The most urgent that it had."""
    closed_at: datetime | None
    """None: still open at the end."""
    verdict: Verdict | None
