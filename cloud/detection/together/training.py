"""Examples -> a model, and how it compares with the layers alone on people who were left out. Pure and repeatable."""

from collections.abc import Callable, Sequence
from hashlib import sha256

import msgspec
import numpy as np

from cloud.detection.columns import Floats
from cloud.detection.model import Cause
from cloud.detection.together.forest import Forest, grown
from cloud.detection.together.model import CAUSES, Example, Figures, Model, vectors
from cloud.errors import CloudError

LEAST_EXAMPLES, LEAST_OF_EACH, LEAST_PEOPLE = 30, 8, 4
_FOLDS = 5
_RESAMPLES, _SEED = 500, 7
_RIGHT, _WRONG = 2.0, 1.0  # as many verdicts as each cause starts from


class TooFew(CloudError):
    """Nothing can be learned yet; the message says what is missing."""


def train(community: str, examples: Sequence[Example]) -> Model:
    """Raises TooFew."""
    _check(examples)
    figures = compare(examples)
    forest, middle, scale, weights, bias = _fitted(examples)
    return Model(
        community=community,
        causes=[cause.value for cause in CAUSES],
        people=len({one.person for one in examples}),
        examples=len(examples),
        right=sum(one.right for one in examples),
        data=_digest(examples),
        forest=forest,
        middle=[round(one, 9) for one in middle.tolist()],
        scale=[round(one, 9) for one in scale.tolist()],
        weights=[round(one, 9) for one in weights.tolist()],
        bias=round(bias, 9),
        figures=figures,
    )


def compare(examples: Sequence[Example]) -> Figures:
    """Each person is ranked by what was learned of others. Raises TooFew."""
    _check(examples)
    people = sorted({one.person for one in examples})
    fold = {person: number % _FOLDS for number, person in enumerate(people)}
    ours, layers = np.zeros(len(examples)), np.zeros(len(examples))
    for number in range(min(_FOLDS, len(people))):
        mine = [place for place, one in enumerate(examples) if fold[one.person] == number]
        others = [one for one in examples if fold[one.person] != number]
        left_out = [examples[place] for place in mine]
        layers[mine] = _by_layers(others)(left_out)
        ours[mine] = _by_model(others)(left_out) if len({one.right for one in others}) == 2 else layers[mine]
    right = np.array([one.right for one in examples])
    rows = [np.array([place for place, one in enumerate(examples) if one.person == person]) for person in people]
    gains = []
    for drawn in np.random.default_rng(_SEED).integers(0, len(people), (_RESAMPLES, len(people))):
        places = np.concatenate([rows[person] for person in drawn])
        if right[places].any():
            gains.append(
                average_precision(right[places], ours[places]) - average_precision(right[places], layers[places])
            )
    low, high = np.percentile(gains, (2.5, 97.5))
    model, alone = average_precision(right, ours), average_precision(right, layers)
    return Figures(*(round(float(one), 4) for one in (alone, model, model - alone, low, high)))


def average_precision(right: np.ndarray, score: Floats) -> float:
    """Of a ranking by `score`; those of one score stand together, so that order among them says nothing."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(right[order])
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    found = np.diff(np.concatenate(([0], hits[last])))
    return float((found * hits[last] / (last + 1)).sum() / max(hits[-1], 1))


def _by_layers(known: Sequence[Example]) -> Callable[[Sequence[Example]], Floats]:
    """What the budget does without a model."""
    share: dict[Cause, float] = {}
    for cause in CAUSES:
        said = [one.right for one in known if one.facts.cause is cause]
        share[cause] = (sum(said) + _RIGHT) / (len(said) + _RIGHT + _WRONG)
    return lambda asked: np.array([one.facts.score * share[one.facts.cause] for one in asked])


def _by_model(known: Sequence[Example]) -> Callable[[Sequence[Example]], Floats]:
    forest, middle, scale, weights, bias = _fitted(known)

    def said(asked: Sequence[Example]) -> Floats:
        rows = vectors([one.facts for one in asked], forest)
        score: Floats = ((rows - middle) / scale) @ weights + bias
        return score

    return said


def _fitted(examples: Sequence[Example]) -> tuple[Forest, Floats, Floats, Floats, float]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second of loading, for training alone

    forest = grown(np.array([one.facts.day for one in examples]))
    rows = vectors([one.facts for one in examples], forest)
    middle, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0)
    fitted = LogisticRegression(C=0.5, max_iter=500).fit((rows - middle) / scale, [one.right for one in examples])
    return forest, middle, scale, fitted.coef_[0], float(fitted.intercept_[0])


def _check(examples: Sequence[Example]) -> None:
    people, right = len({one.person for one in examples}), sum(one.right for one in examples)
    if len(examples) < LEAST_EXAMPLES or people < LEAST_PEOPLE or min(right, len(examples) - right) < LEAST_OF_EACH:
        raise TooFew(
            f"{len(examples)} alerts of {people} people have a nurse's word, {right} of them right; a model needs "
            f"{LEAST_EXAMPLES} of {LEAST_PEOPLE} people, and {LEAST_OF_EACH} right and as many not"
        )


def _digest(examples: Sequence[Example]) -> str:
    rows = [
        (one.person, one.facts.cause.value, one.facts.score, one.facts.reasons, one.facts.day.tolist(), one.right)
        for one in examples
    ]
    return sha256(msgspec.json.encode(rows)).hexdigest()
