"""A claim's code as people type it, and its link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.enrolment.code import ALPHABET, ClaimCode, draw_code, parse_code
from protocols.enrolment.link import ClaimLink, parse_link

CODES = st.builds(
    ClaimCode,
    st.text(ALPHABET, min_size=4, max_size=4),
    st.text(ALPHABET, min_size=7, max_size=7),
)


@given(CODES)
def test_a_code_is_read_as_it_is_written(code: ClaimCode) -> None:
    assert parse_code(str(code)) == code


@given(CODES)
def test_small_letters_spaces_and_letters_like_digits_are_understood(code: ClaimCode) -> None:
    typed = f" {str(code).lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
    assert parse_code(typed) == code


@given(CODES, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(code: ClaimCode, place: int, wrong: str) -> None:
    plain = str(code).replace("-", "")
    mistyped = plain[:place] + wrong + plain[place + 1 :]
    if mistyped == plain:
        return
    with pytest.raises(ValueError, match="mistyped"):
        parse_code(mistyped)


def test_neighbours_exchanged_are_nearly_always_found() -> None:
    missed = tried = 0
    for _ in range(200):
        plain = str(draw_code()).replace("-", "")
        for place in range(11):
            swapped = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
            if swapped == plain:
                continue
            tried += 1
            try:
                parse_code(swapped)
                missed += 1
            except ValueError:
                pass
    assert missed < tried / 100


@pytest.mark.parametrize(("typed", "fault"), [("K7QM", "12 characters"), ("K7QM-4XNT-9PW!", "digits and letters")])
def test_a_mistyped_code_is_refused_in_a_sentence(typed: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_code(typed)


def test_codes_are_drawn_anew_and_do_not_show_their_secret() -> None:
    codes = {draw_code() for _ in range(50)}
    assert len(codes) == 50
    assert all(code.secret not in repr(code) for code in codes)


def test_the_key_is_of_the_whole_code() -> None:
    key = ClaimCode("AAAA", "BBBBBBB").key()
    assert len(key) == 32
    assert key not in (ClaimCode("AAAA", "BBBBBBC").key(), ClaimCode("AAAB", "BBBBBBB").key())


def test_a_link_says_server_code_and_fingerprint() -> None:
    link = ClaimLink("https://centre.example:8443", draw_code(), "0f" * 32)
    assert parse_link(str(link)) == link
    for broken in ("https://centre.example", "doorstep:enrol?server=x", str(link)[:-1]):
        with pytest.raises(ValueError, match="not the link"):
            parse_link(broken)
