"""Bathrooms whose air is made up: showers, hands washed, cooking next door, windows, weather, and a sensor's ways."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

import numpy as np

from cloud.detection.columns import EVENT_CODE, MINUTE_US, EventKind, Events, Floats, create_events

BEGIN_US = 1_700_000_000_000_000
Span = tuple[float, float]
"""Minutes since BEGIN_US."""


@dataclass(frozen=True)
class Bathroom:
    seed: int
    days: int = 15
    step_s: float = 60.0
    steam_percent: float = 25.0
    noise_percent: float = 0.3
    resolution_percent: float = 0.1
    rises_in_min: float = 4.0
    falls_in_min: float = 25.0
    resting_percent: float = 52.0
    least_change_percent: float = 0.0
    """0: the sensor tells every value."""
    laundries_a_week: float = 0.0
    """Wet washing on the line, or a dryer: damp for hours."""
    meals_percent: float = 4.0
    """How much damper a meal makes it, in the middle."""
    season_percent: float = 0.0
    """By so much the weather's damp goes up and down within ten days."""
    gaps_a_week: float = 0.0
    """Hours without a word from the sensor."""

    def lived(self) -> tuple[Events, list[Span]]:
        """What its sensor told, and when somebody showered."""
        chance = np.random.default_rng(self.seed)
        minutes = np.arange(int(self.days * 86_400 / self.step_s)) * self.step_s / 60
        drift = np.cumsum(chance.normal(0, 0.3 * math.sqrt(self.step_s / 3600), len(minutes)))
        air = self.resting_percent + 6 * np.sin(2 * np.pi * minutes / 1440 + self.seed) + drift
        taken: list[Span] = []
        for day in range(self.days):
            for _ in range(int(chance.choice([0, 1, 1, 1, 2]))):
                begin = day * 1440 + chance.choice([chance.uniform(400, 600), chance.uniform(1140, 1320)])
                long = chance.uniform(4, 15)
                if not taken or abs(begin - taken[-1][0]) > 90:
                    taken.append((begin, begin + long))
                    steam = self.steam_percent * chance.uniform(0.5, 1.3)
                    air += _pulse(minutes, begin, long, steam, self.rises_in_min, self.falls_in_min)
            for _ in range(int(chance.integers(4, 10))):  # hands under hot water
                steam = self.steam_percent / 25 * chance.uniform(1, 6)
                air += _pulse(minutes, day * 1440 + chance.uniform(360, 1400), 1.5, steam, 3, 6)
            for meal in (720, 1110):
                begin = day * 1440 + meal + chance.normal(0, 20)
                air += _pulse(
                    minutes, begin, chance.uniform(20, 40), self.meals_percent * chance.uniform(0.5, 1.5), 20, 60
                )
            if self.laundries_a_week and chance.random() < self.laundries_a_week / 7:
                begin = day * 1440 + chance.uniform(540, 1200)
                air += _pulse(minutes, begin, chance.uniform(60, 180), chance.uniform(6, 15), 40, 120)
            begin = day * 1440 + chance.uniform(480, 1200)  # a window
            air -= _pulse(minutes, begin, chance.uniform(10, 30), chance.uniform(5, 15), 5, 25)
        air += self.season_percent * np.sin(2 * np.pi * minutes / (10 * 1440) + self.seed)
        told = np.minimum(air, 99.9) + chance.normal(0, self.noise_percent, len(minutes))
        heard = np.ones(len(minutes), dtype=np.bool_)
        for _ in range(round(self.gaps_a_week * self.days / 7)):
            begin = chance.uniform(0, self.days * 1440)
            long = chance.uniform(30, 600)
            heard &= (minutes < begin) | (minutes > begin + long)
            taken = [one for one in taken if one[1] < begin - 20 or one[0] > begin + long + 20]
        percent = np.round(told / self.resolution_percent) * self.resolution_percent
        return self._told(minutes[heard], percent[heard]), sorted(taken)

    def _told(self, minutes: Floats, percent: Floats) -> Events:
        if not self.least_change_percent:
            return humidity(minutes, percent)
        kept = [0]
        for place in range(1, len(percent)):
            if abs(percent[place] - percent[kept[-1]]) >= self.least_change_percent:
                kept.append(place)
        return humidity(minutes[kept], percent[kept])


def humidity(minutes: Floats | Sequence[float], percent: Floats | Sequence[float], place: str = "bathroom") -> Events:
    at_us = BEGIN_US + (np.asarray(minutes) * MINUTE_US).astype(np.int64)
    return create_events(
        kind=[EVENT_CODE[EventKind.HUMIDITY]] * len(at_us),
        place=[0] * len(at_us),
        places=(place,),
        value=np.asarray(percent, dtype=np.float64),
        at_us=at_us,
        arrived_us=at_us,
        zone=UTC,
    )


def _pulse(  # noqa: PLR0917 - a pulse has as many figures
    minutes: Floats, begin: float, long: float, height: float, rises: float, falls: float
) -> Floats:
    since = minutes - begin
    top = 1 - math.exp(-long / rises)
    risen = np.where((since >= 0) & (since <= long), 1 - np.exp(-np.maximum(since, 0) / rises), 0.0)
    fallen = np.where(since > long, top * np.exp(-np.maximum(since - long, 0) / falls), 0.0)
    pulse: Floats = height * (risen + fallen)
    return pulse
