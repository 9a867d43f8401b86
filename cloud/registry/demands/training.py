"""Labelled sentences -> a model, and how it does on voices that it has not heard. Pure and repeatable.

The sentences of one voice are either all learned from or all asked about: near-twins do not stand on both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

import msgspec
import numpy as np

from cloud.errors import CloudError
from cloud.registry.demands.grams import grams
from cloud.registry.demands.kinds import EMERGENCY
from cloud.registry.demands.model import SURE, Answer, Figures, Floats, Model, judged, softened
from cloud.registry.demands.sentences import Sentence

_STRICTNESS = 20.0  # LogisticRegression's C
_SHARPNESS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
_FOLDS = 5
_CORRECTION_COUNTS = 3
"""A person's word on a real sentence counts as much as so many written ones."""


T = TypeVar("T")
NO_FIGURES = Figures(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class TooFew(CloudError):
    """Nothing can be learned; the message says what is missing."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a model said of sentences whose voices it had not learned from."""

    sentences: list[Sentence]
    kinds: list[str]
    scores: Floats
    """One row a sentence, one column a kind."""
    sharpness: float

    @property
    def guessed(self) -> list[str]:
        return [self.kinds[place] for place in self.scores.argmax(axis=1)]


@dataclass(frozen=True, eq=False)
class _Fitted:
    kinds: list[str]
    grams: list[str]
    rarity: Floats
    weights: Floats
    bias: Floats


def train(sentences: Sequence[Sentence], words: Sequence[Sentence] = (), corrections: Sequence[Sentence] = ()) -> Model:
    """`corrections`: real sentences with the kind that a person gave them. Raises TooFew."""
    asked = compare(sentences, words)
    material = [*sentences, *words, *(one for one in corrections for _ in range(_CORRECTION_COUNTS))]
    fitted = _fit(material)
    return Model(
        kinds=fitted.kinds,
        grams=fitted.grams,
        rarity=[round(one, 5) for one in fitted.rarity.tolist()],
        weights=[[round(one, 4) for one in row] for row in fitted.weights.tolist()],
        bias=[round(one, 4) for one in fitted.bias.tolist()],
        sharpness=asked.sharpness,
        examples=len(sentences),
        corrections=len(corrections),
        data=sha256(msgspec.json.encode([(one.kind, one.text) for one in material])).hexdigest(),
        figures=figures_of(asked),
    )


def compare(sentences: Sequence[Sentence], words: Sequence[Sentence] = ()) -> Asked:
    """Each voice is asked about by a model of other voices. Raises TooFew."""
    voices = sorted({one.voice for one in sentences})
    kinds = sorted({one.kind for one in sentences})
    if len(voices) < 2 or len(kinds) < 2:
        raise TooFew(f"{len(sentences)} sentences of {len(voices)} voices and {len(kinds)} kinds; at least two of each")
    scores = np.zeros((len(sentences), len(kinds)))
    for number in range(min(_FOLDS, len(voices))):
        mine = {voice for place, voice in enumerate(voices) if place % _FOLDS == number}
        places = [place for place, one in enumerate(sentences) if one.voice in mine]
        fitted = _fit([*(one for one in sentences if one.voice not in mine), *words])
        if fitted.kinds != kinds:
            raise TooFew(
                f"voices {', '.join(sorted(mine))}: a kind is said by them alone; each needs voices of two folds"
            )
        scores[places] = _scores(fitted, [sentences[place].text for place in places])
    truth = np.array([kinds.index(one.kind) for one in sentences])
    losses = {
        sharpness: -np.log(softened(scores * sharpness)[np.arange(len(truth)), truth]).mean()
        for sharpness in _SHARPNESS
    }
    best = min(losses, key=lambda one: losses[one])
    return Asked(list(sentences), kinds, scores, best)


def ask(model: Model, sentences: Sequence[Sentence]) -> Asked:
    """Sentences that the model has not learned from."""
    return Asked(list(sentences), model.kinds, np.array([model.scores(one.text) for one in sentences]), model.sharpness)


def figures_of(asked: Asked) -> Figures:
    """Of no sentences: all noughts."""
    truth, guessed = [one.kind for one in asked.sentences], asked.guessed
    chinese = [one.voice.startswith("zh") for one in asked.sentences]
    said = [
        judged(one.text, asked.kinds, row, asked.sharpness)
        for one, row in zip(asked.sentences, asked.scores, strict=True)
    ]
    right = [one == other for one, other in zip(truth, guessed, strict=True)]
    sure = [one.certainty >= SURE for one in said]
    called = [one.answer is Answer.CALL for one in said]
    emergency = [one == EMERGENCY for one in truth]
    return Figures(
        sentences=len(truth),
        macro_f1=macro_f1(truth, guessed),
        macro_f1_chinese=macro_f1(_where(truth, chinese), _where(guessed, chinese)),
        macro_f1_english=macro_f1(_where(truth, _not(chinese)), _where(guessed, _not(chinese))),
        sure=_share(sure),
        right_when_sure=_share(_where(right, sure)),
        calls_heard=_share(_where(called, emergency)),
        calls_in_vain=_share(_where(called, _not(emergency))),
    )


def macro_f1(truth: Sequence[str], guessed: Sequence[str]) -> float:
    """The mean over the kinds that there are, each counting alike."""
    scores = []
    for kind in sorted({*truth, *guessed}):
        hits = sum(one == other == kind for one, other in zip(truth, guessed, strict=True))
        scores.append(2 * hits / (truth.count(kind) + guessed.count(kind)))
    return round(sum(scores) / len(scores), 4) if scores else 0.0


def _fit(material: Sequence[Sentence]) -> _Fitted:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - a second, for training alone
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.multiclass import OneVsRestClassifier  # noqa: PLC0415

    seen = TfidfVectorizer(analyzer=grams, sublinear_tf=True)
    rows = seen.fit_transform([one.text for one in material])
    alone = LogisticRegression(C=_STRICTNESS, solver="liblinear", dual=True, random_state=7, max_iter=1000)
    fitted = OneVsRestClassifier(alone).fit(rows, [one.kind for one in material])
    return _Fitted(
        kinds=[str(one) for one in fitted.classes_],
        grams=[str(one) for one in seen.get_feature_names_out()],
        rarity=np.array(seen.idf_, dtype=np.float64),
        weights=np.array([one.coef_[0] for one in fitted.estimators_], dtype=np.float64).T,
        bias=np.array([one.intercept_[0] for one in fitted.estimators_], dtype=np.float64),
    )


def _scores(fitted: _Fitted, texts: Sequence[str]) -> Floats:
    model = Model(
        kinds=fitted.kinds,
        grams=fitted.grams,
        rarity=fitted.rarity.tolist(),
        weights=fitted.weights.tolist(),
        bias=fitted.bias.tolist(),
        sharpness=1.0,
        examples=0,
        corrections=0,
        data="",
        figures=NO_FIGURES,
    )
    return np.array([model.scores(text) for text in texts])


def _where(values: Sequence[T], chosen: Sequence[bool]) -> list[T]:
    return [value for value, one in zip(values, chosen, strict=True) if one]


def _not(values: Sequence[bool]) -> list[bool]:
    return [not one for one in values]


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
