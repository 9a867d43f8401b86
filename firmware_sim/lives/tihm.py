"""The excerpt of TIHM that stands beside this file: blood pressure and bathroom movement of three real people.

The files give wall-clock times of the home without a zone (ATTRIBUTION.md says how that was judged). Shifting by
whole days keeps the time of day, and with it every habit.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources

from firmware_sim.lives.events import BathroomMotion, PressureTaken

PEOPLE = ("6b29b", "46286", "28710")
_PRESSURE = "tihm_excerpt_pressure.csv"
_BATHROOM = "tihm_excerpt_bathroom.csv"
DATA_NOTE = (
    "Blood pressure and bathroom movement: TIHM dataset, person {person}, days shifted "
    "(Surrey and Borders Partnership NHS Foundation Trust and Howz, CC BY 4.0)."
)


@dataclass(frozen=True)
class Excerpt:
    """One person's days, numbered so that the last day with a blood pressure is day 0 and those before are negative."""

    person: str
    days: dict[int, tuple[PressureTaken | BathroomMotion, ...]]
    """Events of each day in order of time, dated by `read_excerpt`'s `last_day` plus the number of the day."""
    first_day: int
    first_full_day: int
    """The first day with both blood pressure and bathroom movement."""


def read_excerpt(person: str, last_day: date) -> Excerpt:
    """The days of `person`, shifted so that the last day of measuring is `last_day`.

    Raises ValueError that names the people there are.
    """
    if person not in PEOPLE:
        raise ValueError(f"the excerpt holds {', '.join(PEOPLE)}, not {person!r}")
    pressures = [
        PressureTaken(
            datetime.fromisoformat(row["at"]),
            int(row["systolic_mm_hg"]),
            int(row["diastolic_mm_hg"]),
            int(row["pulse_per_minute"]),
        )
        for row in _rows(_PRESSURE, person)
    ]
    motions = [BathroomMotion(datetime.fromisoformat(row["at"])) for row in _rows(_BATHROOM, person)]
    source_last = max(event.at.date() for event in pressures)
    shift = last_day - source_last
    days: dict[int, list[PressureTaken | BathroomMotion]] = defaultdict(list)
    lived: list[PressureTaken | BathroomMotion] = [*pressures, *motions]
    for event in sorted(lived, key=lambda event: event.at):
        days[(event.at.date() - source_last).days].append(_shifted(event, shift))
    full = [number for number, events in days.items() if len({type(event) for event in events}) == 2]
    return Excerpt(person, {number: tuple(events) for number, events in days.items()}, min(days), min(full))


def _shifted(event: PressureTaken | BathroomMotion, shift: timedelta) -> PressureTaken | BathroomMotion:
    at = event.at + shift
    if isinstance(event, BathroomMotion):
        return BathroomMotion(at)
    return PressureTaken(at, event.systolic_mm_hg, event.diastolic_mm_hg, event.pulse_per_minute)


def _rows(name: str, person: str) -> Iterator[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["person"] == person:
            yield row
