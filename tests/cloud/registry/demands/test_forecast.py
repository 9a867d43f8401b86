import pytest

from cloud.registry.demands.counting.forecast import forecast


def test_little_known_forecasts_nothing() -> None:
    assert forecast([4, 5]) is None


def test_without_a_year_it_is_the_mean_of_the_last_months() -> None:
    found = forecast([0, 10, 4, 5, 6])
    assert found is not None
    assert (found.expected, found.seasonal) == (5.0, False)
    assert found.judged == 2
    assert found.error == pytest.approx((abs(14 / 3 - 5) + abs(19 / 3 - 6)) / 2)


def test_a_season_of_a_year_ago_comes_again() -> None:
    winter = [10, 10, 10, 30, 10, 10, 10, 10, 10, 10, 10, 10] * 2
    found = forecast([*winter, 10, 10, 10])
    assert found is not None
    assert found.seasonal
    assert 25 < found.expected < 30
    assert found.error is not None
    assert found.error < 8


def test_a_few_wishes_a_year_ago_do_not_carry_it_away() -> None:
    found = forecast([0, 0, 0, 9, *[0] * 8, 5, 5, 5])
    assert found is not None
    assert found.expected <= 15
