"""Parts in any order, twice, or never."""

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from protocols.sms.joining import Joiner
from protocols.sms.pdu import Deliver
from protocols.sms.user_data import split

AT = datetime(2026, 3, 1, tzinfo=UTC)


def create_parts(text: str, reference: int = 1, sender: str = "+861") -> list[Deliver]:
    return [Deliver(sender, AT, data) for data in split(text, reference)]


@given(st.text("ab护", min_size=400, max_size=900), st.randoms(use_true_random=False), st.integers(0, 3))
def test_parts_in_any_order_and_twice_are_one_text(text: str, random: Random, repeats: int) -> None:
    parts = list(enumerate(create_parts(text)))
    random.shuffle(parts)
    joiner = Joiner()
    whole = [joiner.add(part, place, 0.0) for place, part in parts[:repeats] + parts]
    found = [text for text in whole if text is not None]
    assert found[0].text == text
    assert sorted(found[0].places) == list(range(len(parts)))


def test_two_senders_with_one_reference_are_two_texts() -> None:
    joiner = Joiner()
    first, second = create_parts("a" * 200), create_parts("b" * 200, sender="+862")
    assert joiner.add(first[0], 1, 0.0) is None
    assert joiner.add(second[1], 2, 0.0) is None
    whole = joiner.add(second[0], 3, 0.0)
    assert whole is not None
    assert (whole.sender, whole.text) == ("+862", "b" * 200)


def test_what_stays_incomplete_is_given_up() -> None:
    joiner = Joiner(patience_s=60.0)
    joiner.add(create_parts("a" * 200)[0], 7, 0.0)
    assert joiner.stale_places(59.0) == []
    assert joiner.stale_places(60.0) == [7]
    assert joiner.stale_places(61.0) == []


def test_beginnings_do_not_fill_the_memory() -> None:
    joiner = Joiner(most_pending=10)
    for number in range(15):
        joiner.add(create_parts("a" * 200, reference=number)[0], number, float(number))
    assert joiner.stale_places(20.0) == [0, 1, 2, 3, 4]
