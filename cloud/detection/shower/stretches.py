"""The rows of a bathroom that are worth a closer look: around each quick rise of humidity, and where water ran."""

import numpy as np

from cloud.detection.columns import EVENT_CODE, HOUR_US, MINUTE_US, Bools, EventKind, Events, Floats, Ints
from protocols.shower.flow import RUNNING_L_MIN

_BIN_US = 5 * MINUTE_US
_BEFORE_US = 60 * MINUTE_US
_AFTER_US = 150 * MINUTE_US
_FLOW_BIN_US = 30_000_000


def steamy(rows: Events, leap_percent: float) -> Bools:
    """The rows around rises that may be leaps; no leap of `leap_percent` lies outside, and those inside lie whole."""
    near = np.zeros(len(rows), dtype=np.bool_)
    damp = np.flatnonzero(rows.kind == EVENT_CODE[EventKind.HUMIDITY])
    for begin in _rises(rows.at_us[damp], rows.value[damp], leap_percent):
        first, last = np.searchsorted(rows.at_us, (begin - _BEFORE_US, begin + _AFTER_US))
        near[first:last] = True
    return near


def _rises(at_us: Ints, value: Floats, leap_percent: float) -> list[int]:
    """Beginnings of bins that lie so far above themselves, one of the four bins before, or the one before at all."""
    if not len(at_us):
        return []
    bins, begins = np.unique(at_us // _BIN_US, return_index=True)
    low, high = np.minimum.reduceat(value, begins), np.maximum.reduceat(value, begins)
    before = low.copy()
    for back in range(1, 5):
        older = np.where(bins[back:] - bins[:-back] <= 5, low[:-back], np.inf)
        before[back:] = np.minimum(before[back:], older)
    before[1:] = np.minimum(before[1:], low[:-1])
    found: list[int] = (bins[high - before >= leap_percent] * _BIN_US).tolist()
    return found


def watery(rows: Events) -> Bools:
    """Rows of flow that say something new: first and last of each half minute of running, and of each hour."""
    flow = np.flatnonzero(rows.kind == EVENT_CODE[EventKind.FLOW])
    kept = np.zeros(len(rows), dtype=np.bool_)
    running = flow[rows.value[flow] >= RUNNING_L_MIN]
    for chosen, width in ((running, _FLOW_BIN_US), (flow, HOUR_US)):
        bins = rows.at_us[chosen] // width
        edge = np.ones(len(chosen), dtype=np.bool_)
        edge[1:-1] = (bins[1:-1] != bins[:-2]) | (bins[1:-1] != bins[2:])
        kept[chosen[edge]] = True
    return kept
