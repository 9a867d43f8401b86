"""A model of one community: the probability that a nurse calls an alert right."""

from dataclasses import dataclass
from hashlib import sha256

import msgspec
import numpy as np

from cloud.detection.columns import Floats
from cloud.detection.model import Cause, Priority
from cloud.detection.together.forest import Forest

CAUSES = tuple(sorted(Cause))
WIDTH = 5 + len(CAUSES)
_MOST_REASONS = 5.0
_MOST_HOURS = 168.0


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of an alert when it is raised."""

    cause: Cause
    priority: Priority
    score: float
    reasons: int
    evidence_hours: float
    day: Floats
    """`daily.day_of` that moment."""


@dataclass(frozen=True, eq=False)
class Example:
    """An alert of which a nurse has said whether it was right."""

    person: str
    facts: Facts
    right: bool


class Figures(msgspec.Struct, frozen=True):
    """How well alerts are ranked, of people who were left out: average precision, 0 to 1."""

    layers: float
    """By the layers alone: score times how often such alerts were right."""
    model: float
    gain: float
    gain_low: float
    gain_high: float
    """95 % of `gain`, over people drawn anew."""

    @property
    def better(self) -> bool:
        return self.gain_low > 0


class Model(msgspec.Struct, frozen=True):
    community: str
    causes: list[str]
    """In the order of their weights: a model of other causes is not asked."""
    people: int
    examples: int
    right: int
    data: str
    """SHA-256 of what it was trained on."""
    forest: Forest
    middle: list[float]
    scale: list[float]
    weights: list[float]
    bias: float
    figures: Figures

    def right_of(self, facts: list[Facts]) -> Floats:
        """The probability that each is right."""
        rows = vectors(facts, self.forest)
        score = ((rows - np.array(self.middle)) / np.array(self.scale)) @ np.array(self.weights) + self.bias
        probability: Floats = 1.0 / (1.0 + np.exp(-score))
        return probability

    @property
    def fits(self) -> bool:
        """Whether it knows today's causes."""
        return self.causes == [cause.value for cause in CAUSES]


def vectors(facts: list[Facts], forest: Forest) -> Floats:
    """One row an alert."""
    if not facts:
        return np.zeros((0, WIDTH))
    anomaly = forest.anomaly(np.array([one.day for one in facts]))
    return np.array(
        [
            [
                one.score,
                one.priority is Priority.TODAY,
                min(one.reasons, _MOST_REASONS) / _MOST_REASONS,
                min(one.evidence_hours, _MOST_HOURS) / _MOST_HOURS,
                unusual,
                *(one.cause is cause for cause in CAUSES),
            ]
            for one, unusual in zip(facts, anomaly.tolist(), strict=True)
        ],
        dtype=np.float64,
    )


def digest(model: Model) -> str:
    """The same data and program give the same."""
    return sha256(msgspec.json.encode(model, order="deterministic")).hexdigest()
