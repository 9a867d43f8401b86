"""Receipts say what is stored and not a number more."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.readings.receipt import MAX_RANGES, given_up_within, holds, receipt_of


def test_receipts_of_small_streams() -> None:
    assert receipt_of(7, []).through == 0
    assert receipt_of(7, [(1, 9)]).through == 9
    gap = receipt_of(7, [(1, 9), (12, 12), (20, 30)])
    assert (gap.epoch, gap.through, gap.beyond) == (7, 9, ((12, 12), (20, 30)))
    pruned = receipt_of(7, [(5, 9)])  # the gateway threw the first four away
    assert (pruned.through, pruned.beyond) == (0, ((5, 9),))


def test_a_receipt_stays_small() -> None:
    assert len(receipt_of(7, [(n, n) for n in range(10, 10_000, 2)]).beyond) == MAX_RANGES


def test_what_never_came_is_named_within_what_the_receipt_says() -> None:
    stored = [(1, 9), (12, 14), (20, 30)]
    receipt = receipt_of(7, stored)
    assert given_up_within(receipt, stored) == ()
    assert given_up_within(receipt, [(2, 4), (8, 9), (12, 14), (20, 29)]) == ((1, 1), (5, 7), (30, 30))
    many = receipt_of(7, [(1, 1000)])
    assert given_up_within(many, [(n, n) for n in range(2, 1001, 2)])[-1] == (999, 999)
    assert len(given_up_within(many, [(n, n) for n in range(2, 1001, 2)])) == MAX_RANGES


@given(st.sets(st.integers(1, 200)))
def test_a_receipt_names_exactly_the_stored_numbers(numbers: set[int]) -> None:
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    receipt = receipt_of(1, ranges)
    named = set(range(1, receipt.through + 1)).union(*(range(low, high + 1) for low, high in receipt.beyond))
    assert named == numbers
    for number in range(1, 201):
        assert holds(ranges, number, number) == (number in numbers)
