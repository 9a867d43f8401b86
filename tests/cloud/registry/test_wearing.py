"""Who is in question: numbers, no numbers, times."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.registry.model import SharingRule
from cloud.registry.wearing import DeviceWearing, Question, Wearer, whose_or_who
from cloud.registry.whose import Whose, Why

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONLY, USER = Why.ONLY_WEARER, Why.USER_SLOT


def wearing(*wearers: Wearer, rule: SharingRule | None = None) -> DeviceWearing:
    return DeviceWearing(UTC, rule, wearers)


@pytest.mark.parametrize(
    ("wearers", "slot", "expected"),
    [
        ((), None, Whose(None, None, Why.NOBODY)),
        ((Wearer(1),), None, Whose(1, 1.0, ONLY)),
        ((Wearer(1),), 0, Whose(1, 1.0, ONLY)),
        ((Wearer(1),), 2, Whose(1, 1.0, ONLY)),
        ((Wearer(1, 0), Wearer(2, 1)), 0, Whose(1, 1.0, USER)),
        ((Wearer(1, 0), Wearer(2, 1)), 1, Whose(2, 1.0, USER)),
        ((Wearer(1, 0), Wearer(2, 1)), 2, Whose(None, 0.0, Why.UNKNOWN_SLOT)),
        ((Wearer(1), Wearer(2, 2)), 2, Whose(2, 1.0, USER)),
        ((Wearer(1), Wearer(2, 2)), 1, Whose(1, 1.0, ONLY)),
        ((Wearer(1), Wearer(2, 2)), None, Whose(1, 1.0, ONLY)),
    ],
)
def test_a_number_says_it_and_zero_is_a_number(wearers: tuple[Wearer, ...], slot: int | None, expected: Whose) -> None:
    assert whose_or_who(wearing(*wearers), slot, NOW) == expected


def test_several_without_a_number_are_asked_about_unless_the_home_has_a_rule() -> None:
    two = (Wearer(1), Wearer(2))
    assert whose_or_who(wearing(*two), None, NOW) == Question(two, SharingRule.ASK)
    by_time = wearing(*two, rule=SharingRule.BY_TIME)
    assert whose_or_who(by_time, 1, NOW) == Question(two, SharingRule.BY_TIME)


def test_a_cuff_that_was_not_told_who_it_is_may_have_measured_any_of_its_users() -> None:
    found = whose_or_who(wearing(Wearer(1, 1), Wearer(2, 2), Wearer(1, 3)), None, NOW)
    assert isinstance(found, Question)
    assert {wearer.elder_id for wearer in found.wearers} == {1, 2}
    assert len(found.wearers) == 2


def test_one_wearer_with_a_rule_has_guests() -> None:
    alone = wearing(Wearer(1), rule=SharingRule.BY_PLAUSIBILITY)
    assert isinstance(whose_or_who(alone, None, NOW), Question)


def test_who_wore_it_then_counts() -> None:
    change = NOW - timedelta(days=1)
    both = wearing(Wearer(1, None, None, change), Wearer(2, None, change, None))
    assert whose_or_who(both, None, change - timedelta(seconds=1)) == Whose(1, 1.0, ONLY)
    assert whose_or_who(both, None, change) == Whose(2, 1.0, ONLY)
