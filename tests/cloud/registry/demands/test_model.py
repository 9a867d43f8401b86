import msgspec
import numpy as np
import pytest

from cloud.registry.demands.model import SURE, Answer, Model
from cloud.registry.demands.sentences import held_back
from cloud.registry.demands.training import ask, figures_of


def test_voices_left_out_are_sorted_well_enough(model: Model) -> None:
    assert model.figures.macro_f1 >= 0.85
    assert min(model.figures.macro_f1_chinese, model.figures.macro_f1_english) >= 0.85
    assert model.figures.calls_heard >= 0.95
    assert model.figures.calls_in_vain <= 0.06


def test_the_part_held_back_for_good_is_sorted_well_enough(model: Model) -> None:
    figures = figures_of(ask(model, held_back()))
    assert figures.macro_f1 >= 0.85
    assert figures.calls_heard >= 0.95
    assert figures.right_when_sure >= 0.95
    assert figures.sure >= 0.5


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("厨房水龙头又滴水了,能不能找师傅", "repair"),
        ("麻烦明天中午送一份软一点的饭", "meals"),
        ("could somebody cut my toenails", "hair"),
        ("my pension didn't come this month", "information"),
        ("I'm not ill, I'd just like somebody to talk to", "companionship"),
    ],
)
def test_plain_wishes_are_sorted(model: Model, text: str, kind: str) -> None:
    guess = model.guess(text)
    assert (guess.answer, guess.kind) == (Answer.SORTED, kind)
    assert guess.certainty >= SURE


@pytest.mark.parametrize(
    "text",
    [
        "I fell and can't get up",
        "i fell n cant get up pls",
        "我摔了,起不来",
        "水龙头漏水,还有我爸胸口痛,出冷汗",  # two wishes in one: the more pressing counts
        "I don't want to live any more",
        "ＨＥＬＰ　ｃａｎ’ｔ　ｂｒｅａｔｈｅ",
    ],
)
def test_an_emergency_in_any_words_is_a_call(model: Model, text: str) -> None:
    assert model.guess(text).answer is Answer.CALL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "嗯",
        "🙂",
        "zzzz qqqq",
        "x" * 100_000,
        "good morning",
        "what did you say",
        "今天天气不错",
        "还是老样子",
    ],
)
def test_what_says_nothing_is_left_to_people(model: Model, text: str) -> None:
    guess = model.guess(text)
    assert guess.answer is Answer.DOUBT
    assert guess.certainty < SURE


def test_certainties_add_up(model: Model) -> None:
    assert float(np.sum(model.chances("洗澡要人扶"))) == pytest.approx(1.0)


def test_a_kept_model_says_the_same(model: Model) -> None:
    again = msgspec.json.decode(msgspec.json.encode(model), type=Model)
    assert again.guess("灯坏了") == model.guess("灯坏了")
