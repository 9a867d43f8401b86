"""Recall, precision, burden and delay of alerts beside labelled patient-days, with intervals by resampling people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
_SEED = 7
_TAILS = (2.5, 97.5)


@dataclass(frozen=True)
class Raised:
    """One alert of one cause."""

    day: int
    """Of the home's calendar since 1970."""
    delay_min: float
    """From its newest evidence."""


@dataclass(frozen=True)
class Tally:
    """One person."""

    labelled: int
    hit: int
    """Labelled days (or events) that were told."""
    flagged: int
    right: int
    """Flagged days (or alerts) that were labelled."""
    alerts: int
    weeks: float
    delays_min: tuple[float, ...] = ()


Figure = dict[str, float | None]
"""`value` with `low` and `high`; None where nothing is counted."""


def tally(raised: Sequence[Raised], labelled: frozenset[int], weeks: float) -> Tally:
    flagged = {one.day for one in raised}
    hit = len(flagged & labelled)
    return Tally(len(labelled), hit, len(flagged), hit, len(raised), weeks, tuple(one.delay_min for one in raised))


def figures(tallies: Sequence[Tally]) -> dict[str, Figure]:
    """`recall`, `precision`, `per_week` and `delay_min`, each with a 95 % interval over people drawn anew."""
    columns = np.array(
        [(one.labelled, one.hit, one.flagged, one.right, one.alerts, one.weeks) for one in tallies], dtype=np.float64
    )
    drawn = np.random.default_rng(_SEED).integers(0, len(tallies), (RESAMPLES, len(tallies)))
    sums = columns[drawn].sum(axis=1)
    whole = columns.sum(axis=0)
    delays = [np.array(one.delays_min) for one in tallies]
    medians = [_median(np.concatenate([delays[person] for person in row])) for row in drawn[:200]]
    return {
        "recall": _share(whole[1], whole[0], sums[:, 1], sums[:, 0]),
        "precision": _share(whole[3], whole[2], sums[:, 3], sums[:, 2]),
        "per_week": _share(whole[4], whole[5], sums[:, 4], sums[:, 5]),
        "delay_min": _figure(_median(np.concatenate(delays)), np.array(medians)),
    }


def share_of(hits: Sequence[bool]) -> Figure:
    """A share of people, with its interval."""
    told = np.array(hits, dtype=np.float64)
    drawn = np.random.default_rng(_SEED).integers(0, max(len(told), 1), (RESAMPLES, len(told)))
    return _figure(float(told.mean()), told[drawn].mean(axis=1)) if len(told) else _figure(np.nan, np.array([]))


def _share(part: float, of: float, parts: np.ndarray, ofs: np.ndarray) -> Figure:
    with np.errstate(invalid="ignore", divide="ignore"):
        return _figure(part / of if of else np.nan, parts / ofs)


def _figure(value: float, drawn: np.ndarray) -> Figure:
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(drawn):
        return {"value": None, "low": None, "high": None}
    low, high = np.percentile(drawn, _TAILS)
    return {"value": round(float(value), 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")
