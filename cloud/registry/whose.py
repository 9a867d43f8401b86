"""Whose is a measurement of a shared meter? By the home's rule: ask, by time of day, or by each one's own normal. Pure.

Each candidate's own normal band says how well the values fit them, and the usual times say how likely it was them that
measured then. "Somebody else" is always a candidate too, with the fit of a value half a band's width outside of it: so
a value that fits nobody is nobody's, however much nearer it lies to one of them. Below `FILED_FROM` nobody gets it;
a person is asked. What is unsure is never filed to somebody at random.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp

from cloud.registry.model import SharingRule
from cloud.registry.usual_times import Minutes, is_usual
from protocols.reading import Metric

FILED_FROM = 0.9
"""From this certainty on a measurement is filed to its likely owner."""
STEEPNESS = 2.0
"""A fit is exp(-STEEPNESS * u^2), u the distance from the centre in half widths: the edge is at two deviations."""
SOMEBODY_ELSE = exp(-STEEPNESS * 1.5**2)
NOT_THEIR_TIME = 0.03
"""How likely somebody measures at another's usual time, beside the other: too little to be filed to, with any value."""

BODY_METRICS = frozenset(
    {
        Metric.GLUCOSE,
        Metric.SYSTOLIC,
        Metric.DIASTOLIC,
        Metric.MEAN_ARTERIAL_PRESSURE,
        Metric.PULSE,
        Metric.BODY_TEMPERATURE,
        Metric.BODY_WEIGHT,
        Metric.KETONE,
    }
)
"""What is measured on one person. The air of a bathroom is nobody's: no person is asked whose it is."""


class Why(StrEnum):
    """Why a reading is filed as it is; the pages make words of it."""

    ONLY_WEARER = "only_wearer"
    USER_SLOT = "user_slot"
    BY_TIME = "by_time"
    BY_PLAUSIBILITY = "by_plausibility"
    SAID = "said"
    """A person said it."""
    NOBODY = "nobody"
    """Nobody is registered for the device."""
    SHARED_ROOM = "shared_room"
    """Several are, and it measures the room."""
    UNKNOWN_SLOT = "unknown_slot"
    ASK = "ask"
    OUTSIDE_USUAL_TIMES = "outside_usual_times"
    CLOCK_DOUBTFUL = "clock_doubtful"
    VALUE_DOUBTFUL = "value_doubtful"
    NO_NORMAL_YET = "no_normal_yet"
    TOO_ALIKE = "too_alike"
    LIKE_NOBODY = "like_nobody"


@dataclass(frozen=True)
class Whose:
    elder_id: int | None
    """None: nobody's, or not known."""
    certainty: float | None
    """0 to 1, of the most likely one, filed or not; None: nobody was in question."""
    why: Why

    @property
    def is_said(self) -> bool:
        """A person said it; that it was nobody's is an answer too."""
        return self.why is Why.SAID


@dataclass(frozen=True)
class Band:
    """Somebody's own normal of one metric, in its canonical unit."""

    low: float
    high: float

    def distance(self, value: float) -> float:
        """From the centre, in half widths."""
        half = max((self.high - self.low) / 2, 1e-9)
        return abs(value - (self.low + self.high) / 2) / half


@dataclass(frozen=True)
class Candidate:
    elder_id: int
    usual: tuple[Minutes, ...] = ()
    bands: Mapping[Metric, Band] = field(default_factory=dict)


@dataclass(frozen=True)
class Measurement:
    """One act of measuring: all its values go the same way."""

    values: Mapping[Metric, float]
    """Those that can be compared: in canonical units, without HI and LO, and without what was doubted."""
    minute: int | None
    """Of the home's day; None where the meter's clock is in doubt."""


def whose(measurement: Measurement, candidates: Sequence[Candidate], rule: SharingRule) -> Whose:
    """Whose `measurement` is by `rule`, and how sure that is. Needs at least one candidate."""
    if rule is SharingRule.ASK:
        return Whose(None, 0.0, Why.ASK)
    if rule is SharingRule.BY_TIME:
        return _by_time(measurement, candidates)
    return _by_plausibility(measurement, candidates)


def _by_time(measurement: Measurement, candidates: Sequence[Candidate]) -> Whose:
    """The values cannot give it to somebody whose time it is not, but they can speak against the one whose it is."""
    if measurement.minute is None:
        return Whose(None, 0.0, Why.CLOCK_DOUBTFUL)
    present = [is_usual(measurement.minute, candidate.usual) for candidate in candidates]
    if not any(present):
        return Whose(None, 0.0, Why.OUTSIDE_USUAL_TIMES)
    fits = _fits(measurement, candidates) or [1.0] * len(candidates)
    weights = [fit * (1.0 if usual else NOT_THEIR_TIME) for fit, usual in zip(fits, present, strict=True)]
    return _most_likely(candidates, weights, Why.BY_TIME)


def _by_plausibility(measurement: Measurement, candidates: Sequence[Candidate]) -> Whose:
    if not measurement.values:
        return Whose(None, 0.0, Why.VALUE_DOUBTFUL)
    fits = _fits(measurement, candidates)
    if fits is None:
        return Whose(None, 0.0, Why.NO_NORMAL_YET)
    return _most_likely(candidates, fits, Why.BY_PLAUSIBILITY)


def _fits(measurement: Measurement, candidates: Sequence[Candidate]) -> list[float] | None:
    """How well the values fit each candidate, 0 to 1; None where not everybody has a band of the same metric.

    The mean over the metrics, not their product: systolic and diastolic say nearly the same.
    """
    shared = [metric for metric in measurement.values if all(metric in candidate.bands for candidate in candidates)]
    if not shared:
        return None
    return [
        exp(
            -STEEPNESS
            * sum(candidate.bands[metric].distance(measurement.values[metric]) ** 2 for metric in shared)
            / len(shared)
        )
        for candidate in candidates
    ]


def _most_likely(candidates: Sequence[Candidate], weights: Sequence[float], why: Why) -> Whose:
    best = max(weights)
    certainty = round(best / (sum(weights) + SOMEBODY_ELSE), 3)
    if certainty >= FILED_FROM:
        return Whose(candidates[weights.index(best)].elder_id, certainty, why)
    return Whose(None, certainty, Why.LIKE_NOBODY if best < SOMEBODY_ELSE else Why.TOO_ALIKE)
