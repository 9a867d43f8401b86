"""What is made of free words, with a model or without one. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from cloud.model_files import Kept
from cloud.registry.demands.calls import calls_for_help
from cloud.registry.demands.kinds import EMERGENCY
from cloud.registry.demands.model import Answer, Model


@dataclass(frozen=True)
class Sorting:
    answer: Answer
    kind: str | None
    """None: a person says it."""
    certainty: float | None = None
    """0 to 1, of the likeliest kind; None: no model was asked."""
    guesses: tuple[str, ...] = ()
    """The likeliest kinds, the likeliest first."""
    model: str = ""
    """The version that was asked."""


def sort(text: str, kept: Kept[Model] | None, into: Collection[str]) -> Sorting:
    """`into`: the kinds that a wish may be of. What the model takes for another is left to people.

    Without a model only words that are always a call are heard; the rest is left to people.
    """
    if kept is None:
        return Sorting(Answer.CALL, EMERGENCY) if calls_for_help(text) else Sorting(Answer.DOUBT, None)
    guess = kept.model.guess(text)
    guesses = tuple(kind for kind in (guess.kind, *(kind for kind, _ in guess.others)) if kind in into)
    if guess.answer is Answer.CALL:
        return Sorting(Answer.CALL, EMERGENCY, guess.certainty, guesses, kept.name)
    if guess.answer is Answer.SORTED and guess.kind in into:
        return Sorting(Answer.SORTED, guess.kind, guess.certainty, guesses, kept.name)
    return Sorting(Answer.DOUBT, None, guess.certainty, guesses, kept.name)
