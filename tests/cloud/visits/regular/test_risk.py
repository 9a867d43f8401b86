"""How often somebody comes unasked."""

from datetime import date

import pytest

from cloud.visits.regular.risk import Indicators, class_of, first_on

TODAY = date(2026, 11, 23)


def create_indicators(**more: int | date) -> Indicators:
    values = {"elder_id": 1, "today": TODAY, "born_on": date(1950, 1, 1)}
    values |= dict.fromkeys(("risks", "conditions", "alerts", "calls"), 0)
    return Indicators(**(values | more))  # type: ignore[arg-type]  # keywords of a test


@pytest.mark.parametrize(
    ("known", "klass"),
    [
        (create_indicators(), "usual"),
        (create_indicators(risks=1), "usual"),
        (create_indicators(risks=2), "raised"),
        (create_indicators(conditions=3, born_on=date(1935, 1, 1)), "raised"),
        (create_indicators(risks=9, alerts=1), "raised"),
        (create_indicators(risks=2, alerts=2, calls=1), "high"),
    ],
)
def test_points_make_the_class(known: Indicators, klass: str) -> None:
    assert class_of(known) == klass


def test_first_visits_are_spread_over_the_interval() -> None:
    days = [first_on(create_indicators(elder_id=number), 7) for number in range(70)]
    assert {days.count(day) for day in days} == {10}
    assert min(days) > TODAY
