"""The own normal beside a limit that was broken. It decides nothing: it is shown."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np

from cloud.detection.baseline import Usual, trusted, usual_on, widening
from cloud.detection.columns import DAY_US, Readings, local_of
from cloud.detection.finding import Finding, Profile
from cloud.detection.model import OWN_PREFIX
from cloud.detection.own_normal import OwnNormal
from protocols.reading import CANONICAL_UNIT, Metric


def beside_usual(found: Sequence[Finding], readings: Readings, profile: Profile, settings: OwnNormal) -> list[Finding]:
    """`found`, each with the band of the day on which it was known, where there is one and the value is a level."""
    if not found:
        return []
    known = np.array([one.known_us for one in found], dtype=np.int64)
    days = local_of(known, profile.zone) // DAY_US
    bands: dict[Metric, tuple[Usual, dict[int, int]]] = {}
    told = []
    for one, day in zip(found, days.tolist(), strict=True):
        metric = one.reason.metric
        no_level = one.reason.unit != CANONICAL_UNIT[metric] or one.reason.rule.startswith(OWN_PREFIX)
        if metric not in settings.metric or one.reason.usual_low is not None or no_level:
            told.append(one)
            continue
        if metric not in bands:
            wider = widening(settings, profile.false_verdicts.get(metric, 0))
            wanted = np.unique(days)
            usual = usual_on(wanted, trusted(readings, metric), settings.metric[metric], settings, wider=wider)
            bands[metric] = usual, {day: place for place, day in enumerate(wanted.tolist())}
        usual, place_of = bands[metric]
        place = place_of[day]
        if usual.count[place] < settings.band_from_readings:
            told.append(one)
            continue
        reason = msgspec.structs.replace(
            one.reason,
            usual_low=float(usual.low[place]),
            usual_high=float(usual.high[place]),
            usual_count=int(usual.count[place]),
        )
        told.append(replace(one, reason=reason))
    return told
