"""What our alerts are compared with: plain limits, |z| > 2, EWMA, and an isolation forest alone.

Each flags days of a person. It knows nothing of later days; the forest is fitted on the other people.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.ensemble import IsolationForest

from cloud.detection.columns import DAY_US, Floats, Ints, Readings
from protocols.reading import Metric
from tests.bench._detect.people import Person
from tests.bench._detect.scoring import Raised

CAUSES: Mapping[str, tuple[Metric, ...]] = {
    "blood_pressure": (Metric.SYSTOLIC, Metric.DIASTOLIC),
    "pulse": (Metric.PULSE,),
    "agitation": (),
}
PEERS = ("plain_limits", "z_beyond_2", "ewma")
_PLAIN = {Metric.SYSTOLIC: (-np.inf, 160.0), Metric.DIASTOLIC: (-np.inf, 100.0), Metric.PULSE: (50.0, 100.0001)}
_LEAST = 10  # readings, or days, before a mean and a spread say anything
_LAMBDA, _WIDTH = 0.2, 3.0
_PARTS = 4  # of a day
_SEED = 7


def peer(name: str, person: Person, cause: str) -> list[Raised]:
    """The days that one of PEERS flags, each once."""
    days: set[int] = set()
    if CAUSES[cause]:
        for metric in CAUSES[cause]:
            rows = person.history.readings.of(metric)
            days.update(rows.local_day[_out(name, metric, rows)].tolist())
    else:
        day, count = daily_counts(person)
        earlier = np.arange(len(day))
        z = _z(count, earlier)
        days.update(day[np.abs(_ewma(z)) > _ewma_edge() if name == "ewma" else np.abs(z) > 2].tolist())
    return [Raised(day, 0.0) for day in sorted(days)]


def forest(people: Sequence[Person], cause: str, per_week: float) -> list[list[Raised]]:
    """Of each person the days that a forest of the others finds most unusual.

    The cut is the one at which the others would have had `per_week` alerts a patient-week.
    """
    features = [daily_features(person, cause) for person in people]
    found: list[list[Raised]] = []
    for place, (day, mine) in enumerate(features):
        others = [rows for index, (_, rows) in enumerate(features) if index != place and len(rows)]
        if not len(mine) or not others:
            found.append([])
            continue
        seen = np.concatenate(others)
        weeks = sum(one.weeks for index, one in enumerate(people) if index != place)
        share = min(per_week * weeks / len(seen), 1.0)
        trees = IsolationForest(n_estimators=100, random_state=_SEED).fit(seen)
        cut = np.quantile(trees.score_samples(seen), share)
        found.append([Raised(int(one), 0.0) for one in day[trees.score_samples(mine) < cut]])
    return found


def daily_counts(person: Person) -> tuple[Ints, Floats]:
    """Days with an event, and how many each had."""
    day, count = np.unique(person.history.events.local_day, return_counts=True)
    return day, count.astype(np.float64)


def daily_features(person: Person, cause: str) -> tuple[Ints, Floats]:
    """Of each day its own figures, and how far they lie from the person's median of earlier days."""
    if CAUSES[cause]:
        day, columns = _measured(person.history.readings, CAUSES[cause])
    else:
        events = person.history.events
        day, row = np.unique(events.local_day, return_inverse=True)
        part = events.local_us % DAY_US // (DAY_US // _PARTS)
        columns = np.zeros((len(day), _PARTS))
        np.add.at(columns, (row, part), 1.0)
        columns = np.log1p(columns)
    usual = np.array(
        [np.median(columns[:place], axis=0) if place >= 3 else columns[place] for place in range(len(day))]
    )
    return day, np.hstack([columns, columns - usual]) if len(day) else np.zeros((0, 2))


def _measured(readings: Readings, metrics: Sequence[Metric]) -> tuple[Ints, Floats]:
    """Least, middle and most of each metric on each day that has all of them."""
    days = [set(readings.of(metric).local_day.tolist()) for metric in metrics]
    day = np.array(sorted(set.intersection(*days)), dtype=np.int64)
    columns = []
    for metric in metrics:
        rows = readings.of(metric)
        of_day = [rows.value[rows.local_day == one] for one in day]
        columns += [[float(of(values)) for values in of_day] for of in (np.min, np.median, np.max)]
    return day, np.array(columns, dtype=np.float64).T.reshape(len(day), 3 * len(metrics))


def _out(name: str, metric: Metric, rows: Readings) -> np.ndarray:
    if name == "plain_limits":
        low, high = _PLAIN[metric]
        return (rows.value < low) | (rows.value >= high)
    earlier = np.searchsorted(rows.local_day, rows.local_day)
    z = _z(rows.value, earlier)
    return np.abs(_ewma(z)) > _ewma_edge() if name == "ewma" else np.abs(z) > 2


def _z(values: Floats, earlier: Ints) -> Floats:
    """How many standard deviations each lies from the mean of the `earlier` first ones; 0 while they are few."""
    count = np.maximum(earlier, 1)
    sums = np.concatenate(([0.0], np.cumsum(values)))
    squares = np.concatenate(([0.0], np.cumsum(values**2)))
    mean = sums[earlier] / count
    spread = np.sqrt(np.maximum(squares[earlier] / count - mean**2, 0))
    known = (earlier >= _LEAST) & (spread > 0)
    return np.where(known, (values - mean) / np.where(spread > 0, spread, 1.0), 0.0)


def _ewma(z: Floats) -> Floats:
    smooth, so_far = np.zeros(len(z)), 0.0
    for place, one in enumerate(z):
        so_far = _LAMBDA * one + (1 - _LAMBDA) * so_far
        smooth[place] = so_far
    return smooth


def _ewma_edge() -> float:
    return _WIDTH * float(np.sqrt(_LAMBDA / (2 - _LAMBDA)))
