"""The live detector over people of the data sets."""

import time
from collections.abc import Sequence
from statistics import median

from cloud.detection.columns import DAY_US, History, no_events, us_of
from cloud.detection.episode import Standing
from cloud.detection.finding import Window
from cloud.detection.judging import judge
from cloud.detection.limits import Limits
from cloud.detection.replay.alerts_file import AlertRow, alert_rows
from tests.bench._detect.people import Person
from tests.bench._detect.scoring import Raised

WORDS = {
    "blood_pressure": ("blood_pressure",),
    "pulse": ("pulse",),
    "agitation": ("agitation", "routine", "activity", "night", "bathroom"),
}
"""How causes are named that answer a label."""
_NOTHING_YET_US = -(1 << 60)


def alerts_of(person: Person, limits: Limits) -> list[AlertRow]:
    """All that the person's nurse would have been told, oldest first."""
    newest = [int(rows.at_us[-1]) for rows in (person.history.readings, person.history.events) if len(rows)]
    window = Window(_NOTHING_YET_US, max(newest, default=0))
    judged = judge(person.history, person.profile, limits, standing=Standing(), window=window)
    return sorted(alert_rows(person.name, judged.steps, person.zone))


def raised(rows: Sequence[AlertRow], label: str) -> list[Raised]:
    """Those that answer the label."""
    return [
        Raised(day_of(row), (row.raised_at - row.evidence_to).total_seconds() / 60)
        for row in rows
        if any(word in row.cause.value for word in WORDS[label])
    ]


def day_of(row: AlertRow) -> int:
    """On the home's calendar, which the row is told in."""
    shift = row.raised_at.utcoffset()
    at = us_of(row.raised_at) + (0 if shift is None else round(shift.total_seconds() * 1e6))
    return at // DAY_US


def readings_per_s(people: Sequence[Person], limits: Limits, runs: int = 3) -> float:
    """Readings through all layers a second of one core: the median of `runs`; events are left out."""
    measured = [Person(one.name, History(one.history.readings, no_events()), one.zone) for one in people]
    count = sum(len(one.history.readings) for one in measured)
    seconds = []
    for _ in range(runs):
        fresh = [_anew(one) for one in measured]
        began = time.process_time()
        for one in fresh:
            alerts_of(one, limits)
        seconds.append(time.process_time() - began)
    return count / median(seconds)


def _anew(person: Person) -> Person:
    """Without what a run before has made and kept."""
    readings = person.history.readings
    return Person(person.name, History(readings.take(slice(None)), no_events()), person.zone)
