"""Showers by their steam, in the simulator's bathrooms with a sensor's noise and a day's weather laid over them."""

import math
import random
import statistics
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.lives import tihm
from firmware_sim.lives.bathroom import bathroom_air
from firmware_sim.lives.events import BathroomMotion, ShowerTaken
from firmware_sim.lives.life import Life
from protocols.reading import Metric
from protocols.shower.event import Shower
from protocols.shower.recogniser import ShowerRecogniser

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
SAMPLE = timedelta(seconds=10)
SAME = timedelta(minutes=3)
Values = list[tuple[Metric, float]]
Air = Callable[[float], tuple[float, float]]
"""Minutes since BEGAN -> humidity (%) and temperature (C)."""


@dataclass(frozen=True)
class Bathroom:
    air: Air
    moved: Callable[[float], bool] | None = lambda _minute: True
    """None: the sensor tells no motion."""

    def days(self, minutes: float) -> Iterator[tuple[Values, datetime]]:
        for sample in range(int(minutes * 60 / SAMPLE.total_seconds())):
            minute = sample * SAMPLE.total_seconds() / 60
            humidity, temperature = self.air(minute)
            values: Values = [(Metric.HUMIDITY, humidity), (Metric.AMBIENT_TEMPERATURE, temperature)]
            if self.moved is not None:
                values.append((Metric.MOTION, float(self.moved(minute))))
            yield values, BEGAN + timedelta(minutes=minute)


def recognised(samples: Iterator[tuple[Values, datetime]]) -> list[Shower]:
    recogniser = ShowerRecogniser()
    found = [recogniser.heard(values, at) for values, at in samples]
    return [shower for shower in found if shower is not None]


def lived(person: str, seed: int, days: int) -> tuple[list[ShowerTaken], list[BathroomMotion], datetime]:
    life = Life(person, seed, date(2026, 3, 1))
    first = life.first_day + timedelta(days=1)
    events = [event for number in range(days) for event in life.on(first + timedelta(days=number))]
    return (
        [event for event in events if isinstance(event, ShowerTaken)],
        [event for event in events if isinstance(event, BathroomMotion)],
        datetime.combine(first, datetime.min.time()),
    )


def noisy_home(showers: Sequence[ShowerTaken], visits: Sequence[datetime], began: datetime, seed: int) -> Bathroom:
    """Noise of 0.3 % and a day's swing of 8 % to both sides."""
    noise = random.Random(seed)
    begun = [shower.at for shower in showers]

    def air(minute: float) -> tuple[float, float]:
        now = began + timedelta(minutes=minute)
        place = bisect_right(begun, now) - 1
        since = None if place < 0 else (now - begun[place]) / timedelta(minutes=1)
        humidity, temperature = bathroom_air(since, 0 if place < 0 else showers[place].minutes)
        weather = 8 * math.sin(2 * math.pi * minute / 1440)
        return min(99.9, humidity + weather + noise.gauss(0, 0.3)), temperature

    def moved(minute: float) -> bool:
        now = began + timedelta(minutes=minute)
        place = bisect_right(visits, now) - 1
        return place >= 0 and now - visits[place] < timedelta(seconds=20)

    return Bathroom(air, moved)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_generated_shower_is_found_and_nothing_else(seed: int) -> None:
    days = 10
    showers, motions, began = lived(tihm.PEOPLE[seed % len(tihm.PEOPLE)], seed, days)
    visits = sorted([*(shower.at for shower in showers), *(motion.at for motion in motions)])
    found = recognised(noisy_home(showers, visits, began, seed).days(days * 1440))
    shift = BEGAN - began.replace(tzinfo=UTC)
    errors = [
        (shower.began - shift - taken.at.replace(tzinfo=UTC), shower.minutes - taken.minutes)
        for shower, taken in zip(found, showers, strict=True)
    ]
    assert showers, "a seed without showers proves nothing"
    assert all(abs(start) < timedelta(seconds=90) for start, _ in errors)
    assert statistics.median(abs(start.total_seconds()) for start, _ in errors) <= 20
    assert all(abs(minutes) <= 2.0 for _, minutes in errors)


def shower_of(minutes: float, at: float = 30.0) -> Air:
    return lambda minute: bathroom_air(minute - at, minutes)


@given(minutes=st.integers(3, 40), at=st.floats(15, 60))
def test_length_and_beginning_are_told_as_they_were(minutes: int, at: float) -> None:
    (shower,) = recognised(Bathroom(shower_of(minutes, at)).days(at + minutes + 60))
    assert abs(shower.began - (BEGAN + timedelta(minutes=at))) < timedelta(minutes=1)
    assert shower.minutes == pytest.approx(minutes, abs=1.5)


def test_steam_without_anybody_is_no_shower_unless_the_sensor_tells_no_motion() -> None:
    assert not recognised(Bathroom(shower_of(10), moved=lambda _minute: False).days(120))
    assert len(recognised(Bathroom(shower_of(10), moved=None).days(120))) == 1


def test_weather_is_no_shower() -> None:
    assert not recognised(Bathroom(lambda minute: (50 + min(minute, 180) / 6, 22.0)).days(300))


def test_damp_air_from_an_open_window_is_no_shower() -> None:
    def air(minute: float) -> tuple[float, float]:
        humidity, _ = bathroom_air(minute - 30, 10)
        return humidity, 22.0 - 4.0 * (humidity - 54) / 40

    assert not recognised(Bathroom(air).days(120))


def test_second_shower_in_the_steam_of_the_first_is_another() -> None:
    def air(minute: float) -> tuple[float, float]:
        return bathroom_air(minute - 30, 8) if minute < 55 else bathroom_air(minute - 55, 8)

    assert len(recognised(Bathroom(air).days(150))) == 2


def test_what_happened_while_the_sensor_was_silent_is_not_guessed() -> None:
    samples = [
        (values, at)
        for values, at in Bathroom(shower_of(10)).days(120)
        if not timedelta(minutes=33) < at - BEGAN < timedelta(minutes=60)
    ]
    assert not recognised(iter(samples))
