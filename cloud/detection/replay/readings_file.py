"""elder_id,metric,measured_at,value,unit[,context,flags] -> columns by elder."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cloud.detection.columns import FLAG_BIT, MEAL_CODE, METRIC_CODE, NO_MEAL
from cloud.detection.replay.csv_file import elder_of, moment_us, number, rows_of
from cloud.detection.replay.dirt import Dirt, Dirty
from protocols.reading import Flag, Meal, Metric, Unit, in_canonical_unit

READ = (
    Metric.GLUCOSE,
    Metric.SYSTOLIC,
    Metric.DIASTOLIC,
    Metric.PULSE,
    Metric.BODY_TEMPERATURE,
    Metric.BODY_WEIGHT,
)
_METRICS = {metric.value: metric for metric in READ}
_UNITS = {unit.value: unit for unit in Unit} | {
    "mmHg": Unit.MM_HG,
    "beats/min": Unit.PER_MINUTE,
    "bpm": Unit.PER_MINUTE,
}
_FLAGS = {flag.value: FLAG_BIT[flag] for flag in Flag}
_MEALS = {meal.value: MEAL_CODE[meal] for meal in Meal}
POSSIBLE: Mapping[Metric, tuple[float, float]] = {
    Metric.GLUCOSE: (10.0, 1000.0),
    Metric.SYSTOLIC: (40.0, 320.0),
    Metric.DIASTOLIC: (20.0, 220.0),
    Metric.PULSE: (20.0, 260.0),
    Metric.BODY_TEMPERATURE: (25.0, 45.0),
    Metric.BODY_WEIGHT: (15.0, 350.0),
}
"""What a meter can show of a living person, in the canonical unit; beyond it a sensor or a hand was wrong."""
HI_MG_DL, LO_MG_DL = 600.0, 20.0
"""Where the meter wrote HI or LO: the bounds of the widest meters."""
_NEAR_WHOLE = 0.095  # mg/dL: what is lost in writing a whole number of mg/dL with two decimals of mmol/L


@dataclass
class ReadingRows:
    """Columns of one elder, in the order of the file."""

    metric: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    meal: list[int] = field(default_factory=list)
    first: tuple[int, int] = (1 << 62, 0)
    """The earliest moment and its offset from UTC in seconds: the home's clock where no profile names a zone."""


def read_readings(path: Path, dirt: Dirt, until_us: int | None = None) -> dict[str, ReadingRows]:
    """Raises CloudError where the file is none."""
    elders: dict[str, ReadingRows] = {}
    needed, optional = ("elder_id", "metric", "measured_at", "value", "unit"), ("context", "flags")
    for line, cells in rows_of(path, needed, optional, dirt):
        name, at_text, value_text, unit_text, context, flag_text = (cell.strip() for cell in cells[1:])
        try:
            elder = elder_of(cells[0])
            at, offset = moment_us(at_text)
            metric, value, flags = _measured(name, value_text, unit_text, flag_text, dirt)
        except Dirty as dirty:
            dirt.leave_out(str(dirty), line, cells)
            continue
        if until_us is not None and at > until_us:
            dirt.note("after --until")
            continue
        rows = elders.get(elder)
        if rows is None:
            rows = elders[elder] = ReadingRows()
        rows.metric.append(METRIC_CODE[metric])
        rows.value.append(value)
        rows.at_us.append(at)
        rows.flags.append(flags)
        rows.meal.append(_MEALS.get(context, NO_MEAL))
        rows.first = min(rows.first, (at, offset))
    return elders


def _measured(name: str, value: str, unit: str, flag_text: str, dirt: Dirt) -> tuple[Metric, float, int]:
    """Metric, canonical value and flags. Raises Dirty."""
    metric = _METRICS.get(name)
    if metric is None:
        raise Dirty("metric is not one of " + ", ".join(_METRICS))
    bits = 0
    for word in flag_text.replace(";", " ").replace("|", " ").split():
        if word in _FLAGS:
            bits |= _FLAGS[word]
        else:
            dirt.note(f"flag {word[:40]!r} not known, left out")
    if unit not in _UNITS:
        raise Dirty("unit is not known")
    bound = _bound_of(value) if metric is Metric.GLUCOSE else None
    if bound is not None:
        dirt.note(f"glucose {bound[0]}: taken as a bound")
        return metric, bound[1], bits | FLAG_BIT[bound[2]]
    try:
        canonical = in_canonical_unit(metric, number(value), _UNITS[unit])
    except Dirty:
        raise
    except ValueError as error:
        raise Dirty("unit does not fit the metric") from error
    if metric is Metric.GLUCOSE and abs(canonical - round(canonical)) <= _NEAR_WHOLE:
        canonical = float(round(canonical))  # meters measure whole mg/dL, also those that show mmol/L
    low, high = POSSIBLE[metric]
    if not low <= canonical <= high or math.isnan(canonical):
        raise Dirty(f"value is nothing that a {metric.value} of a person can be")
    return metric, canonical, bits


def _bound_of(value: str) -> tuple[str, float, Flag] | None:
    """HI and LO as meters write them, such as 0Hi."""
    word = value.lower().lstrip("0")
    if word in ("hi", "high"):
        return "HI", HI_MG_DL, Flag.ABOVE_RANGE
    if word in ("lo", "low"):
        return "LO", LO_MG_DL, Flag.BELOW_RANGE
    return None
