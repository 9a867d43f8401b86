from collections import Counter
from datetime import UTC, date, datetime
from random import Random

from cloud.registry.sample.drawing import House, households
from cloud.registry.sample.happening import alerts, visits

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


def draw(seed: int, elders: int = 2000) -> list[House]:
    return list(households(Random(seed), elders, TODAY))


def test_the_same_seed_gives_the_same_people() -> None:
    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


def test_so_many_live_there_and_they_are_old() -> None:
    people = [person for house in draw(1) for person in house.people]
    assert len(people) == 2000
    ages = [(TODAY - person.born_on).days / 365.25 for person in people]
    assert min(ages) >= 60
    assert 0.05 < sum(age > 80 for age in ages) / 2000 < 0.4
    had = Counter(condition for person in people for condition in person.conditions)
    assert 0.4 < had["高血压"] / 2000 < 0.8
    levels = Counter(person.assessed[2].level for person in people if person.assessed)
    assert set(levels) == {0, 1, 2, 3, 4}


def test_two_live_with_each_other_and_who_lives_alone_lives_alone() -> None:
    for house in draw(2):
        assert len(house.people) in (1, 2)
        for person in house.people:
            assert (person.lives_with == ["spouse"]) or len(house.people) == 1


def test_what_happened_is_over_and_in_order() -> None:
    chance = Random(3)
    for _ in range(300):
        for visit in visits(chance, 30, NOW):
            assert visit.asked_at < visit.accepted_at < visit.came_at < visit.filed_at < NOW
        assert all(alert.raised_at < NOW for alert in alerts(chance, 30, NOW))
    assert list(visits(chance, 0, NOW)) == []
