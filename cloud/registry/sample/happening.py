"""What happened to the people of a sample community in the days before. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from cloud.registry.sample import words

_VISITS_A_DAY = 1 / 30
_ALERTS_A_DAY = 1 / 240


@dataclass(frozen=True)
class PastVisit:
    asked_at: datetime
    wish: str
    promised_by: datetime
    accepted_at: datetime
    came_at: datetime
    filed_at: datetime
    face: int | None


@dataclass(frozen=True)
class PastAlert:
    raised_at: datetime
    cause: str
    verdict: str


def visits(chance: Random, days: int, now: datetime) -> Iterator[PastVisit]:
    """Of one elder, all over by `now`; nine of ten promises were kept."""
    for asked_at in _moments(chance, days * _VISITS_A_DAY, days, now):
        promised_by = asked_at + timedelta(hours=4)
        late = chance.random() < 0.08
        came_at = promised_by + timedelta(minutes=chance.uniform(3, 50) if late else -chance.uniform(5, 200))
        yield PastVisit(
            asked_at,
            chance.choice(words.WISHES),
            promised_by,
            asked_at + timedelta(minutes=chance.uniform(1, 20)),
            came_at,
            came_at + timedelta(minutes=chance.uniform(10, 40)),
            chance.choices((5, 4, 3, 2, 1), (50, 35, 10, 3, 2))[0] if chance.random() < 0.6 else None,
        )


def alerts(chance: Random, days: int, now: datetime) -> Iterator[PastAlert]:
    """Of one elder, each with its verdict; not two of one cause at once."""
    for raised_at in _moments(chance, days * _ALERTS_A_DAY, days, now):
        verdict = chance.choices(("right", "technique", "false"), (70, 15, 15))[0]
        yield PastAlert(raised_at, chance.choice(words.CAUSES), verdict)


def _moments(chance: Random, expected: float, days: int, now: datetime) -> list[datetime]:
    number = int(expected) + (chance.random() < expected % 1)
    return sorted(now - timedelta(hours=chance.uniform(6, max(24 * days, 7))) for _ in range(number))
