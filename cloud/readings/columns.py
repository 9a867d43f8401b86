"""Readings of a batch field by field: a whole column costs little more than one value by itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from protocols.reading import Flag, Meal, Metric, Reading

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

METRICS = tuple(sorted(Metric, key=lambda metric: metric.value))
"""In the order of their names; a metric's code is its place here."""
CODE_OF = {metric.value: code for code, metric in enumerate(METRICS)}

_FIELDS = Reading.__struct_fields__
_AWARE_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_NAIVE_2000 = datetime(2000, 1, 1)  # noqa: DTZ001 - a meter's clock has no zone


@dataclass(frozen=True)
class Sparse:
    """A column that not every reading has."""

    values: NDArray[Any]
    present: NDArray[np.bool_]
    """Where it is False the value says nothing."""


@dataclass(frozen=True)
class Columns:
    """Times are microseconds since 2000 (a meter's own as though it were UTC), as PostgreSQL counts."""

    devices: tuple[str, ...]
    metrics: NDArray[np.intp]
    """Codes."""
    values: Real
    measured_us: Whole
    received_us: Whole
    device_time_us: Sparse
    clock_offset_s: Sparse
    sequences: Sparse
    user_slots: Sparse
    flags: tuple[tuple[Flag, ...], ...]
    meals: tuple[Meal | None, ...]


def columns_of(readings: Sequence[Reading]) -> Columns:
    """At least one reading; all of them storable (`opening`)."""
    fields = dict(zip(_FIELDS, zip(*map(msgspec.structs.astuple, readings), strict=True), strict=True))
    times = fields["device_time"]
    present = np.array([at is not None for at in times])
    return Columns(
        devices=fields["device"],
        metrics=np.array([CODE_OF[metric._value_] for metric in fields["metric"]]),  # an enum member is a slow key
        values=np.array(fields["value"], dtype=np.float64),
        measured_us=_microseconds(fields["measured_at"], _AWARE_2000),
        received_us=_microseconds(fields["received_at"], _AWARE_2000),
        device_time_us=Sparse(
            _microseconds([_NAIVE_2000 if at is None else at for at in times], _NAIVE_2000)
            if present.any()
            else np.zeros(len(times), np.int64),
            present,
        ),
        clock_offset_s=_sparse(fields["clock_offset_s"], np.float64),
        sequences=_sparse(fields["sequence"], np.int64),
        user_slots=_sparse(fields["user_slot"], np.int64),
        flags=fields["flags"],
        meals=fields["meal"],
    )


def _microseconds(times: Sequence[datetime], since: datetime) -> Whole:
    passed = [at - since for at in times]
    return np.array([(gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds for gone in passed])


def _sparse(values: tuple[float | None, ...], kind: type[np.generic]) -> Sparse:
    present = np.array([value is not None for value in values])
    if not present.any():
        return Sparse(np.zeros(len(values), kind), present)
    return Sparse(np.array([0 if value is None else value for value in values], kind), present)
