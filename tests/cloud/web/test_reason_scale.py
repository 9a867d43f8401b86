"""A reason as a picture: places in order, words within the paper, the same said."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.web.charts.reason_scale import WIDTH, reason_scale
from cloud.web.language import load_languages
from cloud.web.values import Measures
from cloud.web.words import Sayer
from tests.cloud.web.community import NOW

SEVERE: dict[str, Any] = {
    "rule": "severe_pressure",
    "priority": "today",
    "metric": "systolic",
    "value": 184.0,
    "limit": 180.0,
    "comparison": "at_least",
    "usual_low": 138.0,
    "usual_high": 152.0,
    "at": NOW.isoformat(),
    "count": 1,
    "source": "a source",
    "confirmed": True,
}


def sayer(code: str = "en") -> Sayer:
    return Sayer(load_languages()[code], Measures("mmol/L"), ZoneInfo("Asia/Shanghai"), NOW)


def test_value_limit_and_usual_stand_in_order_and_are_said() -> None:
    scale = sayer().why(SEVERE).scale
    assert scale is not None
    assert scale.band is not None
    assert scale.limit_x is not None
    assert scale.band[0] < scale.band[0] + scale.band[1] < scale.limit_x < scale.value_x
    assert scale.value.text == "184"
    assert scale.words == "Sys 184 mmHg, at 09:12; usual 138 to 152; limit 180"


def test_it_speaks_the_units_of_the_centre_and_says_hi() -> None:
    high = SEVERE | {"metric": "glucose", "value": 600.0, "limit": None, "bound": "lower", "usual_low": 90.0}
    scale = sayer().why(high | {"usual_high": 140.0}).scale
    assert scale is not None
    assert scale.usual is not None
    assert (scale.value.text, scale.beyond, scale.usual.text) == ("HI", "HI", "usual 5.0 to 7.8")


def test_what_is_no_level_is_not_drawn_beside_what_is_usual() -> None:
    surge = SEVERE | {"rule": "own_morning_surge", "value": 24.0, "limit": 20.0}
    why = sayer().why(surge)
    assert why.scale is not None
    assert why.scale.band is None
    assert "usual" not in why.sentence
    assert sayer().why(SEVERE | {"limit": None, "usual_low": None}).scale is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "today, because of: Severe pressure; nothing may hold this back"),
        ("zh", "今天处理，原因：重度高血压；任何情况都不得延后"),
    ],
)
def test_urgency_has_its_reasons(code: str, said: str) -> None:
    other = SEVERE | {"rule": "raised_pulse", "priority": "this_week"}
    assert sayer(code).urgency("today", [SEVERE | {"floor": True}, other]) == said
    assert not sayer(code).urgency("now", [SEVERE])


@given(*[st.floats(-1e6, 1e6)] * 4)
def test_all_words_stand_on_the_paper(value: float, low: float, high: float, limit: float) -> None:
    usual = (min(low, high), max(low, high), "usual " + "1" * 12)
    scale = reason_scale((value, "1" * 9), usual, (limit, "limit 1234"), words="")
    if scale is None or scale.band is None or scale.limit_x is None:
        assert value == low == high == limit
        return
    assert scale.band[1] >= 0
    for x in (scale.value_x, scale.limit_x, scale.band[0], scale.band[0] + scale.band[1]):
        assert 0 <= x <= WIDTH
    for word in (scale.value, scale.usual, scale.limit):
        assert word is not None
        assert 0 < word.x < WIDTH
