"""Which kind of wish a text is, and how sure that is: plain numbers, asked with numpy alone.

A pickle would tie a kept model to one version of the library, and run what it holds when it is read.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

import msgspec
import numpy as np

from cloud.registry.demands.calls import calls_for_help
from cloud.registry.demands.grams import grams
from cloud.registry.demands.kinds import EMERGENCY

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
SURE = 0.25
"""Whatever is less certain is left to people."""
CALL_FROM = 0.12
"""From this probability of an emergency a person hears it at once: a call in vain costs less than one that waits."""


CALL_BY_ITSELF_FROM = 0.03
"""And not below this by itself: what is like no kind at all is no call."""


class Answer(StrEnum):
    SORTED = "sorted"
    DOUBT = "doubt"
    """A person says which kind it is."""
    CALL = "call"
    """It may be an emergency: the alarm desk hears it at once."""


@dataclass(frozen=True)
class Guess:
    answer: Answer
    kind: str
    """The likeliest."""
    certainty: float
    """0 to 1, of `kind`; those of all kinds add up to 1 at most."""
    others: tuple[tuple[str, float], ...]
    """The next likeliest kinds with theirs."""


class Figures(msgspec.Struct, frozen=True):
    """How a model does on voices it has not learned from, 0 to 1."""

    sentences: int
    macro_f1: float
    macro_f1_chinese: float
    macro_f1_english: float
    sure: float
    """Share that is not left to people."""
    right_when_sure: float
    calls_heard: float
    """Share of the emergencies that go to the alarm desk at once."""
    calls_in_vain: float
    """Share of all other wishes that go there too."""


class Model(msgspec.Struct, frozen=True, dict=True):
    kinds: list[str]
    grams: list[str]
    rarity: list[float]
    """Of each gram, as a factor (inverse document frequency)."""
    weights: list[list[float]]
    """One row a gram, one column a kind."""
    bias: list[float]
    sharpness: float
    """Scores are multiplied by it before they become probabilities; from voices left out."""
    examples: int
    corrections: int
    data: str
    """SHA-256 of what it was trained on."""
    figures: Figures

    def guess(self, text: str) -> Guess:
        return judged(text, self.kinds, self.scores(text), self.sharpness)

    def chances(self, text: str) -> Floats:
        """The probability of each kind, in the order of `kinds`."""
        return softened(self.scores(text) * self.sharpness)

    def scores(self, text: str) -> Floats:
        """One of each kind, any number; the highest is the likeliest."""
        bias = np.array(self.bias)
        counted = Counter(grams(text))
        known = [gram for gram in counted if gram in self._place]
        if not known:
            return bias
        places = np.array([self._place[gram] for gram in known])
        heard = _loud([counted[gram] for gram in known], self._rarities[places])
        strange = _loud([times for gram, times in counted.items() if gram not in self._place], self._rarities.max())
        length = np.hypot(np.linalg.norm(heard), np.linalg.norm(strange))  # what it never met makes it less sure
        scores: Floats = (heard / length) @ self._table[places] + bias
        return scores

    @cached_property
    def _place(self) -> dict[str, int]:
        return {gram: place for place, gram in enumerate(self.grams)}

    @cached_property
    def _rarities(self) -> Floats:
        return np.array(self.rarity, dtype=np.float64)

    @cached_property
    def _table(self) -> Floats:
        return np.array(self.weights, dtype=np.float64)


def _loud(times: list[int], rarity: Floats | np.float64) -> Floats:
    loud: Floats = (1.0 + np.log(np.array(times, dtype=np.float64))) * rarity
    return loud


def softened(scores: Floats) -> Floats:
    """Scores -> probabilities, along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return chances


def judged(text: str, kinds: list[str], scores: Floats, sharpness: float) -> Guess:
    """What is done with a text whose kinds have these scores.

    A kind must stand out among the others, and be likely by itself: small talk is like no kind, and least unlike one.
    """
    chances = softened(scores * sharpness)
    by_itself = 1.0 / (1.0 + np.exp(-scores))
    ranked = sorted(zip(kinds, np.minimum(chances, by_itself).tolist(), strict=True), key=lambda one: -one[1])
    kind, certainty = ranked[0]
    if calls_for_help(text) or _may_be_a_call(kinds, chances, by_itself):
        answer = Answer.CALL
    else:
        answer = Answer.SORTED if certainty >= SURE else Answer.DOUBT
    return Guess(answer, kind, certainty, tuple(ranked[1:4]))


def _may_be_a_call(kinds: list[str], chances: Floats, by_itself: Floats) -> bool:
    if EMERGENCY not in kinds:
        return False
    place = kinds.index(EMERGENCY)
    return bool(chances[place] >= CALL_FROM and by_itself[place] >= CALL_BY_ITSELF_FROM)


def digest(model: Model) -> str:
    """The same data and program give the same."""
    return sha256(msgspec.json.encode(model, order="deterministic")).hexdigest()
