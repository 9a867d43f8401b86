"""Expected measurements that are missed, by the person's own habit, and who is silent: person, meter, home or gateway.

It is told at 18 on the home's clock, once for each kind of measurement. `detail` of the reason says `silent` (person,
home or unknown) and how sure that is (`confidence`): a home whose sensors or gateway are heard is not silent itself.
A silent gateway or street is an event of its own (cloud/alarms/supervision) and raises nothing here.
"""

from dataclasses import dataclass

import numpy as np

from cloud.detection.columns import DAY_US, HOUR_US, History, local_of, moment_of, utc_of_local
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, Reason
from cloud.detection.silence.settings import SILENCE, Silence
from protocols.reading import Metric

_TOLD_AT_US = 18 * HOUR_US
_REACH_US = 60 * DAY_US  # who has not measured for so long is told of no more
_SURE, _LIKELY, _OPEN = 0.9, 0.7, 0.5


@dataclass(frozen=True)
class SilenceLayer:
    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        settings = limits.silence
        found = [
            one for metric in settings.metrics for one in _missed(history, profile, settings, metric, window=window)
        ]
        return sorted(found, key=lambda one: one.known_us)

    def calm_us(
        self, reason: Reason, evidence_to_us: int, history: History, _profile: Profile, _limits: Limits
    ) -> int | None:
        rows = history.readings.of(reason.metric)
        later = rows.arrived_us[rows.at_us > evidence_to_us]
        return int(later.min()) if len(later) else None

    def owns(self, reason: Reason) -> bool:
        return reason.rule == SILENCE

    def next_look_us(self, history: History, profile: Profile, limits: Limits, now_us: int) -> int | None:
        """The next evening, for who has measured lately."""
        since = now_us - limits.silence.days * DAY_US
        if not any(bool((history.readings.of(one).at_us > since).any()) for one in limits.silence.metrics):
            return None
        day = int(local_of(np.array([now_us], dtype=np.int64), profile.zone)[0]) // DAY_US
        today, tomorrow = (utc_of_local((day + more) * DAY_US + _TOLD_AT_US, profile.zone) for more in (0, 1))
        return today if today > now_us else tomorrow


def _missed(history: History, profile: Profile, settings: Silence, metric: Metric, *, window: Window) -> list[Finding]:
    rows = history.readings.of(metric)
    if not len(rows):
        return []
    begin, until = max(window.after_us, int(rows.at_us[0])), min(window.until_us, int(rows.at_us[-1]) + _REACH_US)
    ends = local_of(np.array([begin, until], dtype=np.int64), profile.zone) // DAY_US
    found = []
    for day in range(int(ends[0]), int(ends[1]) + 1):
        now = utc_of_local(day * DAY_US + _TOLD_AT_US, profile.zone)
        if not window.holds(now):
            continue
        known = (rows.arrived_us <= now) & (rows.local_day > day - settings.days)
        days = np.unique(rows.local_day[known])
        if len(days) < settings.least_measured_days:
            continue
        usual = float(np.quantile(np.diff(days), 0.9))
        without = day - int(days[-1])
        limit = max(settings.times * usual, settings.least_days)
        if without < limit:
            continue
        silent, confidence = _who(history, profile, settings, now)
        if silent == "home" and profile.heard_us is not None:
            continue  # supervision tells of it
        last = int(rows.at_us[known].max())
        found.append(
            Finding(
                cause=Cause.SILENCE,
                priority=settings.priority,
                score=min(1.0, confidence * without / (2 * limit)),
                floor=False,
                known_us=now,
                evidence_from_us=last,
                evidence_to_us=now,
                arrived_us=int(rows.arrived_us[known].max()),
                reason=Reason(
                    rule=SILENCE,
                    priority=settings.priority,
                    metric=metric,
                    value=float(without),
                    unit="d",
                    at=moment_of(now),
                    since=moment_of(last),
                    comparison="at_least",
                    limit=limit,
                    count=1,
                    source=settings.source,
                    confirmed=settings.confirmed,
                    detail={"silent": silent, "confidence": confidence},
                ),
            )
        )
    return found


def _who(history: History, profile: Profile, settings: Silence, now_us: int) -> tuple[str, float]:
    """Who is silent at `now_us`, and how sure that is."""
    since = now_us - int(settings.heard_hours * HOUR_US)
    events, readings = history.events, history.readings
    for rows in (events, readings):
        arrived = rows.arrived_us[(rows.at_us > since) & (rows.at_us <= now_us)]
        if bool((arrived <= now_us).any()):
            return "person", _SURE
    if profile.heard_us is not None:
        return ("person", _LIKELY) if profile.heard_us > since else ("home", _SURE)
    if bool((events.arrived_us <= now_us).any()):
        return "home", _LIKELY
    return "unknown", _OPEN
