"""Identity numbers. The first two are the examples of GB 11643-1999 itself."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.registry.elders.identity.card import CardRefused, read_card
from cloud.registry.elders.identity.number import NumberRefused, check_character, masked, read_number
from cloud.registry.model import Sex

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "born_on", "sex"),
    [
        ("11010519491231002X", date(1949, 12, 31), Sex.FEMALE),
        ("440524188001010014", date(1880, 1, 1), Sex.MALE),
        (" 110105 19491231 002x", date(1949, 12, 31), Sex.FEMALE),
    ],
)
def test_a_number_says_birth_and_sex(text: str, born_on: date, sex: Sex) -> None:
    number = read_number(text, TODAY)
    assert (number.born_on, number.sex) == (born_on, sex)
    assert number.region == number.text[:6]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("110105194912310021", "check character"),
        ("11010519491231", "18 characters"),
        ("990105194912310029", "no province"),
        ("110105194902300020", "is no day"),
        ("11010520991231002X", "cannot be right"),
        ("１1010519491231002X", "18 characters"),
    ],
)
def test_what_is_no_number_is_refused_without_being_said(text: str, why: str) -> None:
    with pytest.raises(NumberRefused, match=why) as refused:
        read_number(text, TODAY)
    assert text not in str(refused.value)


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(place: int, more: int) -> None:
    digits = "11010519491231002"
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert check_character(wrong) != check_character(digits)


def test_only_the_end_is_shown() -> None:
    assert masked("11010519491231002X") == "••••••••••••••••2X"


def test_a_card_is_letters_and_digits() -> None:
    assert read_card("a 1234-5678") == "A12345678"
    for text in ("1234567", "卡12345678", "ABCDEFGHIJ"):
        with pytest.raises(CardRefused):
            read_card(text)
