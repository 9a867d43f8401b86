import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.adverts.counter import CounterGuard

counters = st.integers(0, (1 << 32) - 1)


@given(st.none() | counters, st.lists(counters, max_size=30))
def test_only_new_highest_counters_pass(last: int | None, heard: list[int]) -> None:
    guard, highest = CounterGuard(last), -1 if last is None else last
    for counter in heard:
        assert guard.accept(counter) == (counter > highest)
        highest = max(highest, counter)
        assert guard.last == (highest if highest >= 0 else None)


@given(counters)
def test_repetitions_of_one_press_are_one(counter: int) -> None:
    guard = CounterGuard(None)
    assert [guard.accept(counter) for _ in range(4)] == [True, False, False, False]


@pytest.mark.parametrize("counter", [0, 5, 99])
def test_a_low_counter_is_a_replay_too(counter: int) -> None:
    """bthome-ble takes every counter below 100 for a battery change; a recorded press must not profit from that."""
    assert not CounterGuard(100).accept(counter)


def test_guard_goes_on_from_where_it_was_kept() -> None:
    before = CounterGuard(None)
    before.accept(41)
    assert not CounterGuard(before.last).accept(41)
    assert CounterGuard(before.last).accept(42)


def test_the_end_of_the_counter_is_the_end() -> None:
    guard = CounterGuard((1 << 32) - 2)
    assert guard.accept((1 << 32) - 1)
    assert not guard.accept(0)


@pytest.mark.parametrize("counter", [-1, 1 << 32])
def test_counter_outside_32_bits_is_refused(counter: int) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        CounterGuard(None).accept(counter)
