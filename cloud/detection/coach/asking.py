"""Which measurements are to be made again, and why. Pure, and causal like the layers.

A control solution never comes here: the gateway counts it and stores nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from cloud.detection.baseline import trusted, usual_on
from cloud.detection.columns import FLAG_BIT, HOUR_US, METRIC_CODE, METRICS, MINUTE_US, History, Readings, moment_of
from cloud.detection.finding import Window
from cloud.detection.limits import Limits
from cloud.detection.matches import matches_of
from protocols.reading import Flag, Metric


class Why(StrEnum):
    """The most telling first: one of them is said."""

    CUFF_LOOSE = "cuff_loose"
    BODY_MOVED = "body_moved"
    BAD_POSITION = "bad_position"
    STRIP = "strip"
    METER_TEMPERATURE = "meter_temperature"
    OTHER_HAND = "other_hand"
    JUMP = "jump"
    LIMIT = "limit"
    IRREGULAR_PULSE = "irregular_pulse"


_OF_FLAG = {
    Flag.CUFF_LOOSE: Why.CUFF_LOOSE,
    Flag.BODY_MOVED: Why.BODY_MOVED,
    Flag.BAD_POSITION: Why.BAD_POSITION,
    Flag.SAMPLE_SHORT: Why.STRIP,
    Flag.STRIP_ERROR: Why.STRIP,
    Flag.STRIP_TYPE_WRONG: Why.STRIP,
    Flag.STRIP_PULLED: Why.STRIP,
    Flag.METER_TOO_HOT: Why.METER_TEMPERATURE,
    Flag.METER_TOO_COLD: Why.METER_TEMPERATURE,
    Flag.IRREGULAR_PULSE: Why.IRREGULAR_PULSE,
}
_RANK = {why: rank for rank, why in enumerate(Why)}
_FIRST = (Metric.SYSTOLIC, Metric.DIASTOLIC, Metric.PULSE, Metric.GLUCOSE)
"""By which metric a measurement is named; other metrics are not coached."""


@dataclass(frozen=True)
class Ask:
    """Measure again."""

    metric: Metric
    """The meter to use: of a cuff's figures the systolic one."""
    why: Why
    measured_at: datetime
    asked_at: datetime
    until: datetime
    answered_at: datetime | None = None
    """When the next measurement was made, where one was."""


def asks(history: History, limits: Limits, window: Window) -> list[Ask]:
    """The requests of `window`, oldest first, each with its answer where it has come. One a measurement, at most."""
    coach, readings = limits.coach, history.readings
    fresh = (readings.arrived_us - readings.at_us <= int(coach.ask_within_minutes * MINUTE_US)) & (
        (readings.arrived_us > window.after_us) & (readings.arrived_us <= window.until_us)
    )
    at_limit = _first_at_a_limit(readings, limits) if fresh.any() else frozenset()
    wait_us = int(coach.wait_minutes * MINUTE_US)
    found: list[Ask] = []
    for at in np.unique(readings.at_us[fresh]).tolist():
        moment = readings.take(readings.at_us == at)
        metric = next((one for one in _FIRST if (moment.metric == METRIC_CODE[one]).any()), None)
        if metric is None:
            continue
        whys = _of_flags(moment) | _of_values(moment, readings, limits)
        if at in at_limit:
            whys.add(Why.LIMIT)
        asked = int(moment.arrived_us.max())
        if not whys or any(one.measured_at < moment_of(at) <= one.until and one.metric is metric for one in found):
            continue  # nothing to ask, or it is the answer itself: nobody is asked for ever
        answer = _answer(readings.of(metric), at, asked + wait_us)
        found.append(
            Ask(
                metric,
                min(whys, key=_RANK.__getitem__),
                moment_of(at),
                moment_of(asked),
                moment_of(asked + wait_us),
                None if answer is None else moment_of(answer),
            )
        )
    return found


def _of_flags(moment: Readings) -> set[Why]:
    bits = int(np.bitwise_or.reduce(moment.flags))
    return {why for flag, why in _OF_FLAG.items() if bits & FLAG_BIT[flag]}


def _of_values(moment: Readings, readings: Readings, limits: Limits) -> set[Why]:
    """A jump from the measurement before, or figures that are together not this person's."""
    coach, settings = limits.coach, limits.own_normal
    found: set[Why] = set()
    off: set[Metric] = set()
    for row in range(len(moment)):
        metric, value, at = METRICS[moment.metric[row]], float(moment.value[row]), int(moment.at_us[row])
        jump = coach.jump.get(metric)
        before = None if jump is None else _before(readings.of(metric), at, coach.jump_within_hours)
        if jump is not None and before is not None and abs(value - before) >= jump:
            found.add(Why.JUMP)
        group = settings.metric.get(metric)
        if group is None or metric is Metric.GLUCOSE:
            continue
        usual = usual_on(moment.local_day[row : row + 1], trusted(readings, metric), group, settings)
        if usual.count[0] >= settings.least_readings:
            spread = max(float(usual.spread[0]), group.group_spread / 2)
            if abs(value - float(usual.centre[0])) >= coach.other_hand_spreads * spread:
                off.add(metric)
    if Metric.PULSE in off and len(off) > 1:  # pressures go together in one person; pulse and pressure need not
        found.add(Why.OTHER_HAND)
    return found


def _first_at_a_limit(readings: Readings, limits: Limits) -> frozenset[int]:
    """The moments at which a rule that asks was broken, and not shortly before."""
    found = set()
    for rule in limits.rule:
        if rule.ask is None:
            continue
        wait_us = int(rule.ask.wait_minutes * MINUTE_US)
        last = None
        for at in matches_of(rule, readings).at_us:
            if last is None or at - last > wait_us:
                found.add(at)
            last = at
    return frozenset(found)


def _before(rows: Readings, at_us: int, within_hours: float) -> float | None:
    place = int(np.searchsorted(rows.at_us, at_us)) - 1
    if place < 0 or at_us - int(rows.at_us[place]) > int(within_hours * HOUR_US):
        return None
    return float(rows.value[place])


def _answer(rows: Readings, at_us: int, until_us: int) -> int | None:
    place = int(np.searchsorted(rows.at_us, at_us, side="right"))
    return int(rows.at_us[place]) if place < len(rows) and rows.at_us[place] <= until_us else None
