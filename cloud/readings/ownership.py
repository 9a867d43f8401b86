"""Whose each reading of a batch is. Pure: what has to be looked up is asked of the caller, and only when in question.

All values of one record go the same way, also when they come in two batches: what was decided of a record, by a rule
or by a person, stands for the rest of it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloud.readings.columns import Whole
from cloud.registry.usual_times import minute_at
from cloud.registry.wearing import DeviceWearing, Question, whose_or_who
from cloud.registry.whose import BODY_METRICS, Band, Candidate, Measurement, Whose, Why, whose
from protocols.reading import Flag, Metric, Reading

Act = tuple[int, int]
"""Device id and record key: one act of measuring."""
Bands = Mapping[int, Mapping[Metric, Band]]

UNCOMPARABLE = frozenset(
    {
        Flag.ABOVE_RANGE,
        Flag.BELOW_RANGE,
        Flag.BODY_MOVED,
        Flag.CUFF_LOOSE,
        Flag.BAD_POSITION,
        Flag.SENSOR_FAULT,
        Flag.SAMPLE_SHORT,
        Flag.STRIP_ERROR,
        Flag.STRIP_TYPE_WRONG,
        Flag.STRIP_PULLED,
        Flag.METER_TOO_HOT,
        Flag.METER_TOO_COLD,
    }
)
"""A bound is no value, and a doubted value is nobody's mark."""
NO_TIME_OF_DAY = frozenset(
    {
        Flag.CLOCK_MISSING,
        Flag.CLOCK_RESET,
        Flag.CLOCK_JUMPED,
        Flag.FROM_FUTURE,
        Flag.DEVICE_TIME_FAULT,
        Flag.TIME_AMBIGUOUS,
    }
)


class Line(NamedTuple):
    """A reading with what the database calls its device and record."""

    device_id: int
    record_key: int
    reading: Reading

    @property
    def act(self) -> Act:
        return self.device_id, self.record_key


@dataclass(frozen=True)
class LookUp:
    """What is asked of the database when somebody is in question."""

    decided: Callable[[Collection[Act]], Mapping[Act, Whose]]
    """What was decided of these records before."""
    bands: Callable[[Collection[int]], Bands]
    """Own normal bands by elder."""


class Filed(NamedTuple):
    """Whose the readings of a batch are."""

    owners: Sequence[Whose]
    of: NDArray[np.intp]
    """For each reading the place of its owner in `owners`."""
    asked: Sequence[Line]
    """Those of devices that do not say by themselves whose their readings are."""
    answers: Sequence[Whose]
    """Whose those are, in their order."""


def file(
    readings: Sequence[Reading],
    device_ids: Whole,
    record_keys: Whole,
    wearings: Mapping[int, DeviceWearing],
    look_up: LookUp,
) -> Filed:
    """Whose each of `readings` is: of nearly every device there is but one answer to all its readings."""
    devices, of = np.unique(device_ids, return_inverse=True)
    always = [wearings[device].always for device in devices.tolist()]
    unsure = [place for place, owner in enumerate(always) if owner is None]
    owners = [_ROOM if owner is None else owner for owner in always]
    if not unsure:
        return Filed(owners, of, (), ())
    asked = np.flatnonzero(np.isin(of, unsure))
    lines = [
        Line(device, key, readings[at])
        for device, key, at in zip(device_ids[asked].tolist(), record_keys[asked].tolist(), asked.tolist(), strict=True)
    ]
    answers = owners_of(lines, wearings, look_up)
    of[asked] = np.arange(len(owners), len(owners) + len(answers))
    return Filed([*owners, *answers], of, lines, answers)


def owners_of(lines: Sequence[Line], wearings: Mapping[int, DeviceWearing], look_up: LookUp) -> list[Whose]:
    """Whose each line is, in their order. Every device stands in `wearings`."""
    answers: list[Whose | Question] = [
        (wearing := wearings[line.device_id]).always
        or whose_or_who(wearing, line.reading.user_slot, line.reading.measured_at)
        for line in lines
    ]
    acts: dict[Act, list[Reading]] = {}
    asked: dict[Act, Question] = {}
    for line, answer in zip(lines, answers, strict=True):
        if isinstance(answer, Question) and line.reading.metric in BODY_METRICS:
            acts.setdefault(line.act, []).append(line.reading)
            asked[line.act] = answer
    decided = _decide(acts, asked, wearings, look_up) if acts else {}
    return [
        decided.get(line.act, _ROOM) if isinstance(answer, Question) else answer
        for line, answer in zip(lines, answers, strict=True)
    ]


_ROOM = Whose(None, None, Why.SHARED_ROOM)


def _decide(
    acts: Mapping[Act, list[Reading]],
    asked: Mapping[Act, Question],
    wearings: Mapping[int, DeviceWearing],
    look_up: LookUp,
) -> dict[Act, Whose]:
    decided = dict(look_up.decided(acts.keys()))
    bands = look_up.bands({wearer.elder_id for question in asked.values() for wearer in question.wearers})
    for act, readings in acts.items():
        if act not in decided:
            question = asked[act]
            candidates = [
                Candidate(wearer.elder_id, wearer.usual, bands.get(wearer.elder_id, {})) for wearer in question.wearers
            ]
            measurement = _measurement(readings, wearings[act[0]], readings[0].measured_at)
            decided[act] = whose(measurement, candidates, question.rule)
    return decided


def _measurement(readings: Sequence[Reading], wearing: DeviceWearing, at: datetime) -> Measurement:
    flags = frozenset(flag for reading in readings for flag in reading.flags)
    values = {} if flags & UNCOMPARABLE else {reading.metric: reading.value for reading in readings}
    return Measurement(values, None if flags & NO_TIME_OF_DAY else minute_at(at, wearing.zone))
