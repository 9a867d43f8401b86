"""Acknowledgements keep the order in which letters came, and none is forgotten or taken for another."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.readings.in_order import InOrder


@given(st.permutations(range(1, 30)), st.integers(1, 8), st.integers(1, 40))
def test_all_are_acknowledged_in_their_order(stored: list[int], size: int, numbers: int) -> None:
    """`numbers` fewer than letters: some are used again before they are acknowledged."""
    came = [place % numbers + 1 for place in range(1, 30)]
    order = InOrder()
    order.come(came)
    due: list[int] = []
    for at in range(0, len(stored), size):
        due += order.safe(stored[at : at + size])
        assert len(order) == len(came) - len(due)
        assert due == came[: len(due)]
        assert set(range(1, len(due) + 1)) <= set(stored[: at + size]), "said to be safe before it was stored"
    assert due == came


def test_letters_come_while_others_are_stored() -> None:
    order = InOrder()
    order.come([65_534, 65_535])
    assert order.safe([2]) == []
    order.come([1])
    assert order.safe([1]) == [65_534, 65_535]
    assert order.safe([3]) == [1]
    assert len(order) == 0
