"""Acknowledgements keep the order in which letters came, and none is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.readings.in_order import InOrder


@given(st.permutations(range(1, 30)), st.integers(1, 8))
def test_all_are_acknowledged_in_their_order(stored: list[int], size: int) -> None:
    order = InOrder()
    for number in range(1, 30):
        order.come(number)
    due: list[int] = []
    for at in range(0, len(stored), size):
        due += order.safe(stored[at : at + size])
        assert due == list(range(1, len(due) + 1))
        assert set(due) <= set(stored[: at + size])
    assert due == list(range(1, 30))


def test_numbers_are_used_again() -> None:
    order = InOrder()
    order.come(65_534)
    order.come(65_535)
    assert order.safe([65_535]) == []
    assert order.safe([65_534]) == [65_534, 65_535]
    order.come(65_534)
    assert order.safe([65_534]) == [65_534]
