"""Readings for a single meter: from a CSV file, or invented."""

import csv
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from firmware_sim.lives import tihm
from firmware_sim.lives.events import PressureTaken
from firmware_sim.lives.glucose import GlucoseHabit, glucose_of_day
from firmware_sim.serial.meter import StoredGlucose, StoredPressure
from protocols.reading import Flag, Meal

_COLUMNS = ("at", "glucose_mg_dl")
_PRESSURE_COLUMNS = ("systolic_mm_hg", "diastolic_mm_hg", "pulse_per_minute")
_INVENTED_DAYS = 14
_SEED = 1
_HIGHEST_MG_DL = 0xFFFF
_HIGHEST_MM_HG = 300

R = TypeVar("R")


class BadReadings(ValueError):
    """The file is not of its form; the message names file, line and what was expected."""


def read_readings(path: Path) -> list[StoredGlucose]:
    """Oldest first. The columns `meal` and `control_solution` (1 for yes) may be absent.

    Raises BadReadings, OSError.
    """
    return sorted(_rows(path, _COLUMNS, _reading), key=lambda reading: reading.at)


def read_pressures(path: Path) -> list[StoredPressure]:
    """Oldest first. The columns `user` and `flags` may be absent. Raises BadReadings, OSError."""
    return sorted(_rows(path, ("at", *_PRESSURE_COLUMNS), _pressure), key=lambda reading: reading.at)


def invented_pressures(now: datetime) -> list[StoredPressure]:
    """What a real person measured (firmware_sim/lives/ATTRIBUTION.md), shifted so that it ends now (naive)."""
    days = tihm.read_excerpt(tihm.PEOPLE[0], now.date()).days
    taken = sorted((event for day in days.values() for event in day if isinstance(event, PressureTaken)), key=_at)
    return [
        StoredPressure(event.at, event.systolic_mm_hg, event.diastolic_mm_hg, event.pulse_per_minute)
        for event in taken
        if event.at <= now
    ]


def invented_readings(now: datetime) -> list[StoredGlucose]:
    """Two weeks of a believable elder, up to `now` (naive)."""
    taken = [
        event
        for number in range(-_INVENTED_DAYS, 1)
        for event in glucose_of_day(_SEED, number, (now + timedelta(days=number)).date(), GlucoseHabit())
    ]
    return [StoredGlucose(event.at, event.glucose_mg_dl) for event in taken if event.at <= now]


def _at(event: PressureTaken) -> datetime:
    return event.at


def _rows(path: Path, columns: Sequence[str], make: Callable[[dict[str, str], str], R]) -> list[R]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames is None or not set(columns) <= set(rows.fieldnames):
            raise BadReadings(f"{path}: the first line has to name the columns {' and '.join(columns)}")
        return [make(row, f"{path}, line {rows.line_num}") for row in rows]


def _pressure(row: dict[str, str], where: str) -> StoredPressure:
    try:
        at = datetime.fromisoformat(row["at"])
        systolic, diastolic, pulse = (int(row[column]) for column in _PRESSURE_COLUMNS)
    except (ValueError, TypeError) as error:
        raise BadReadings(f"{where}: expected a time like 2026-11-22T07:30:00 and whole numbers") from error
    if at.tzinfo is not None:
        raise BadReadings(f"{where}: a meter's clock has no zone; leave it out of {row['at']}")
    if not all(0 <= number <= _HIGHEST_MM_HG for number in (systolic, diastolic, pulse)):
        raise BadReadings(f"{where}: {systolic}/{diastolic}, pulse {pulse} is not between 0 and {_HIGHEST_MM_HG}")
    return StoredPressure(at, systolic, diastolic, pulse, user=_user(row, where), flags=_flags(row, where))


def _user(row: dict[str, str], where: str) -> int | None:
    word = row.get("user") or None
    if word is not None and not word.isdecimal():
        raise BadReadings(f"{where}: user {word!r} is not a number, nor empty")
    return None if word is None else int(word)


def _flags(row: dict[str, str], where: str) -> tuple[Flag, ...]:
    words = (row.get("flags") or "").split()
    try:
        return tuple(Flag(word) for word in words)
    except ValueError as error:
        raise BadReadings(f"{where}: flags {words} are not of {', '.join(Flag)}, with blanks between") from error


def _reading(row: dict[str, str], where: str) -> StoredGlucose:
    try:
        at, glucose_mg_dl = datetime.fromisoformat(row["at"]), int(row["glucose_mg_dl"])
    except (ValueError, TypeError) as error:
        raise BadReadings(f"{where}: expected a time like 2026-11-22T07:30:00 and a whole number of mg/dL") from error
    if at.tzinfo is not None:
        raise BadReadings(f"{where}: a meter's clock has no zone; leave it out of {row['at']}")
    if not 0 <= glucose_mg_dl <= _HIGHEST_MG_DL:
        raise BadReadings(f"{where}: {glucose_mg_dl} mg/dL is not between 0 and {_HIGHEST_MG_DL}")
    return StoredGlucose(at, glucose_mg_dl, meal=_meal(row, where), control_solution=_control_solution(row, where))


def _meal(row: dict[str, str], where: str) -> Meal | None:
    word = row.get("meal") or None
    try:
        return None if word is None else Meal(word)
    except ValueError as error:
        raise BadReadings(f"{where}: meal {word!r} is not one of {', '.join(Meal)}, or empty") from error


def _control_solution(row: dict[str, str], where: str) -> bool:
    word = row.get("control_solution") or "0"
    if word not in ("0", "1"):
        raise BadReadings(f"{where}: control_solution {word!r} is neither 0 nor 1, nor empty")
    return word == "1"
