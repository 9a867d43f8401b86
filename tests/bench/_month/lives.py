"""What elders measure: each has values of their own, a time of day, and now and then a bad spell. From seeds."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocols.reading import Metric

LEAVES_OUT = 0.08
"""Part of the sittings that do not take place."""
LOW_SUGAR, HIGH_PRESSURE, QUICK_PULSE = 0.0012, 0.0035, 0.0015
"""Part of the sittings with a sugar of 44 to 53 mg/dL (of those who measure it), high pressure, a quick pulse."""


@dataclass(frozen=True)
class Life:
    elder_id: int
    device_id: int
    gateway_id: str
    minutes: tuple[int, ...]
    """Of the day, by the home's clock, at which they measure."""
    systolic: float
    pulse: float
    glucose: float | None
    """In mg/dL; None: they measure none."""

    def times(self, midnight: datetime) -> Iterator[datetime]:
        """In UTC; the midnight is the home's."""
        chance = random.Random(f"{self.elder_id} {midnight:%F}")
        for minute in self.minutes:
            if chance.random() >= LEAVES_OUT:
                yield (midnight + timedelta(minutes=minute + chance.randint(-12, 12))).astimezone(UTC)


def create_life(elder_id: int, device_id: int, gateway_id: str) -> Life:
    own = random.Random(elder_id)
    minutes = [own.randint(6 * 60 + 30, 9 * 60)]
    sweet = own.random() < 0.3
    if sweet or own.random() < 0.15:
        minutes.append(own.randint(16 * 60, 19 * 60))
    return Life(
        elder_id, device_id, gateway_id, tuple(minutes), own.gauss(134, 9), own.gauss(71, 6),
        own.gauss(128, 14) if sweet else None,
    )  # fmt: skip


def sitting(life: Life, at: datetime, *, troubled: float = 1.0) -> list[str]:
    """Lines of COPY; bad spells come `troubled` times as often as they do."""
    chance = random.Random(f"{life.elder_id} {at:%F %R}")
    values = {
        Metric.SYSTOLIC: life.systolic + chance.gauss(0, 6),
        Metric.DIASTOLIC: 0.58 * life.systolic + chance.gauss(0, 4),
        Metric.PULSE: life.pulse + chance.gauss(0, 4),
    }
    if life.glucose is not None:
        values[Metric.GLUCOSE] = life.glucose + chance.gauss(0, 14)
    spell = chance.random() / troubled if troubled else 1.0
    if spell < HIGH_PRESSURE:
        values |= {Metric.SYSTOLIC: chance.uniform(182, 205), Metric.DIASTOLIC: chance.uniform(102, 124)}
    elif spell < HIGH_PRESSURE + QUICK_PULSE:
        values[Metric.PULSE] = chance.uniform(122, 138)
    elif life.glucose is not None and spell < HIGH_PRESSURE + QUICK_PULSE + LOW_SUGAR:
        values[Metric.GLUCOSE] = chance.uniform(44, 53)
    key = int(at.timestamp())
    return [
        f"{life.device_id}\t{metric.value}\t{key}\t{at:%F %T}+00\t{value:.0f}\t{life.elder_id}\t1\t{at:%F %T}+00\t"
        f"{at:%F %T}+00\t{life.gateway_id}\t1\t{key}\n"
        for metric, value in values.items()
    ]
