import pytest

from cloud.registry.demands.model import digest
from cloud.registry.demands.sentences import Sentence
from cloud.registry.demands.training import TooFew, macro_f1, train

WORDS = {"meals": "lunch dinner soup rice", "repair": "tap lamp door window", "emergency": "help fallen smoke blood"}


def create_sentences(*voices: str) -> list[Sentence]:
    return [
        Sentence(f"{said} {voice}", kind, voice)
        for voice in voices
        for kind, words in WORDS.items()
        for said in words.split()
    ]


def test_a_correction_changes_what_is_said() -> None:
    sentences = create_sentences("en_a", "en_b", "zh_c")
    before = train(sentences)
    after = train(sentences, corrections=[Sentence("the door soup", "meals", "corrections")] * 3)
    place = before.kinds.index("meals")
    assert after.chances("the door soup")[place] > before.chances("the door soup")[place]
    assert after.corrections == 3
    assert after.figures == before.figures  # a correction is nobody's left-out voice


def test_the_same_sentences_give_the_same_model() -> None:
    assert digest(train(create_sentences("en_a", "zh_b"))) == digest(train(create_sentences("en_a", "zh_b")))


def test_one_voice_is_too_few() -> None:
    with pytest.raises(TooFew, match="at least two"):
        train(create_sentences("en_a"))


def test_a_kind_of_one_voice_alone_is_refused() -> None:
    lonely = [*create_sentences("en_a", "en_b"), Sentence("a perm", "hair", "en_b")]
    with pytest.raises(TooFew, match="said by them alone"):
        train(lonely)


def test_each_kind_counts_alike() -> None:
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == pytest.approx((6 / 7 + 0) / 2, abs=1e-4)
    assert macro_f1([], []) == 0.0
