"""People of the data sets, as columns that detection takes, with what others labelled of them.

TIHM: one home each, readings and events of 2019 on British Summer Time; the clock of its labels is an hour behind.
AIM-94 (UCI): fingersticks of 1988 to 1991 without a zone; taken as UTC.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

from cloud.detection.columns import (
    DAY_US,
    EVENT_CODE,
    FLAG_BIT,
    MEAL_CODE,
    METRIC_CODE,
    NO_MEAL,
    EventKind,
    History,
    create_events,
    create_readings,
    no_events,
    us_of,
)
from cloud.detection.finding import Profile
from protocols.reading import Flag, Meal, Metric

EXCERPT = Path(__file__).parent / "tihm_excerpt"
SUMMER = timezone(timedelta(hours=1))
LABEL_BEHIND = timedelta(minutes=60)
LABELS: Mapping[str, str] = {"Blood pressure": "blood_pressure", "Pulse": "pulse", "Agitation": "agitation"}
_TIHM_METRICS = {
    "Systolic blood pressure": Metric.SYSTOLIC,
    "Diastolic blood pressure": Metric.DIASTOLIC,
    "Heart rate": Metric.PULSE,
    "Body Temperature": Metric.BODY_TEMPERATURE,
    "Body weight": Metric.BODY_WEIGHT,
}
_SYMPTOMS = "65"
_GLUCOSE: Mapping[str, Meal | None] = {
    "48": None,
    "57": None,
    "58": Meal.BEFORE_MEAL,
    "59": Meal.AFTER_MEAL,
    "60": Meal.BEFORE_MEAL,
    "61": Meal.AFTER_MEAL,
    "62": Meal.BEFORE_MEAL,
    "63": Meal.AFTER_MEAL,
    "64": Meal.BEFORE_MEAL,
}
_HI_LO = {"0Hi": (600.0, FLAG_BIT[Flag.ABOVE_RANGE]), "0Lo": (20.0, FLAG_BIT[Flag.BELOW_RANGE])}


@dataclass(frozen=True, eq=False)
class Person:
    name: str
    history: History
    zone: tzinfo
    labelled: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Cause -> days of the home since 1970 on which people found something of it."""
    symptoms_us: tuple[int, ...] = ()
    """When the person felt low sugar."""

    @property
    def profile(self) -> Profile:
        return Profile(self.name, self.zone)

    @property
    def days(self) -> frozenset[int]:
        """Days of which anything is known."""
        return frozenset({*self.history.readings.local_day.tolist(), *self.history.events.local_day.tolist()})

    @property
    def weeks(self) -> float:
        return len(self.days) / 7


def tihm(folder: Path) -> list[Person]:
    """The people of a folder with Physiology.csv, Activity.csv.gz, Labels.csv and Demographics.csv."""
    measured: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
    for row in _rows(folder / "Physiology.csv"):
        metric = _TIHM_METRICS.get(row["device_type"])
        if metric is not None:
            measured[row["patient_id"]].append((METRIC_CODE[metric], float(row["value"]), _summer_us(row["date"])))
    happened: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
    for row in _rows(folder / "Activity.csv.gz"):
        place = row["location_name"]
        kind = EVENT_CODE[EventKind.DOOR if "door" in place else EventKind.MOTION]
        happened[row["patient_id"]].append((kind, place, _summer_us(row["date"])))
    labelled: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in _rows(folder / "Labels.csv"):
        if row["type"] in LABELS:
            at = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC) + LABEL_BEHIND
            labelled[row["patient_id"], LABELS[row["type"]]].add(us_of(at) // DAY_US)
    return [
        Person(
            name,
            _tihm_history(measured[name], happened[name]),
            SUMMER,
            {cause: frozenset(labelled[name, cause]) for cause in LABELS.values()},
        )
        for name in sorted(row["patient_id"] for row in _rows(folder / "Demographics.csv"))
    ]


def uci(folder: Path) -> tuple[list[Person], int]:
    """The people of a folder of data-NN files, and how many of their rows could not be read."""
    people, odd = [], 0
    for path in sorted((folder / "data").glob("data-*")):
        person, unread = _fingersticks(path)
        people.append(person)
        odd += unread
    return people, odd


def _fingersticks(path: Path) -> tuple[Person, int]:
    rows: list[tuple[float, int, int, int]] = []
    symptoms, odd = [], 0
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        try:
            date, time, code, value = line.split("\t")
            at = us_of(datetime.strptime(f"{date} {time}", "%m-%d-%Y %H:%M").replace(tzinfo=UTC))
            if code in _GLUCOSE:
                number, flags = _HI_LO.get(value.strip()) or (float(value), 0)
                meal = _GLUCOSE[code]
                if number > 0:
                    rows.append((number, at, flags, NO_MEAL if meal is None else MEAL_CODE[meal]))
                    continue
            elif code == _SYMPTOMS:
                symptoms.append(at)
                continue
            else:
                continue
        except ValueError:
            pass
        odd += 1
    readings = create_readings(
        metric=[METRIC_CODE[Metric.GLUCOSE]] * len(rows),
        value=[row[0] for row in rows],
        at_us=[row[1] for row in rows],
        arrived_us=[row[1] for row in rows],
        flags=[row[2] for row in rows],
        meal=[row[3] for row in rows],
        zone=UTC,
    )
    return Person(path.name, History(readings, no_events()), UTC, symptoms_us=tuple(sorted(symptoms))), odd


def _tihm_history(measured: Sequence[tuple[int, float, int]], happened: Sequence[tuple[int, str, int]]) -> History:
    at = [row[2] for row in measured]
    readings = create_readings(
        metric=[row[0] for row in measured],
        value=[row[1] for row in measured],
        at_us=at,
        arrived_us=at,
        flags=[0] * len(at),
        meal=[NO_MEAL] * len(at),
        zone=SUMMER,
    )
    places = tuple(sorted({row[1] for row in happened}))
    number = {place: index for index, place in enumerate(places)}
    at = [row[2] for row in happened]
    events = create_events(
        kind=[row[0] for row in happened],
        place=[number[row[1]] for row in happened],
        places=places,
        value=[float("nan")] * len(at),
        at_us=at,
        arrived_us=at,
        zone=SUMMER,
    )
    return History(readings, events)


def _summer_us(text: str) -> int:
    return us_of(datetime.fromisoformat(text).replace(tzinfo=SUMMER))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
