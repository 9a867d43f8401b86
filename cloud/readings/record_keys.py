"""`protocols.reading.record_key` of many readings at once: what makes each itself, beside device and metric. Pure."""

import numpy as np

from cloud.readings.columns import Columns, Whole

_SECONDS_1970_TO_2000 = 946_684_800
_HEARD = np.int64(1 << 62)
_NO_SEQUENCE = 0xFFFF
_CLOCK_BIT, _USER_BIT = 16, 54
_CLOCK_MASK = (1 << _USER_BIT - _CLOCK_BIT) - 1
_USERS = 255


def record_keys(columns: Columns) -> Whole:
    """In the order of the readings. The layout stands at `record_key`, and a test holds the two together."""
    times, sequences, slots = columns.device_time_us, columns.sequences, columns.user_slots
    clock_s = np.where(times.present, times.values // 1_000_000 + _SECONDS_1970_TO_2000, 0)
    number = np.where(sequences.present, sequences.values & 0xFFFF, _NO_SEQUENCE)
    user = np.where(slots.present, slots.values % _USERS + 1, 0)
    of_memory = user << _USER_BIT | (np.maximum(clock_s, 0) & _CLOCK_MASK) << _CLOCK_BIT | number
    since_1970_us = columns.measured_us + _SECONDS_1970_TO_2000 * 1_000_000
    heard = _HEARD | (since_1970_us / 1_000_000 * 1000).astype(np.int64)  # as float, as datetime.timestamp gives it
    keys: Whole = np.where(times.present | sequences.present, of_memory, heard)
    return keys
