"""Records of meters whose clock tells no seconds: two of one minute would be taken for one and the same."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from protocols.record import Record


def number_within_minute(records: Iterable[Record]) -> list[Record]:
    """`records`, oldest first, where the second of one minute gets the sequence 1, the third 2, and so on.

    The number counts from the minute's oldest record, so it stays as it is while the meter's memory fills. The first
    keeps no number. When the oldest has left the memory, the next takes over its key and is seen as known: nothing
    is doubled.
    """
    numbered: list[Record] = []
    place = 0
    for record in records:
        same = bool(numbered) and record.device_time is not None and record.device_time == numbered[-1].device_time
        place = place + 1 if same else 0
        numbered.append(replace(record, sequence=place) if same else record)
    return numbered


def is_known(record: Record, known: Callable[[datetime], bool] | None) -> bool:
    """Of several in one minute only the first can be known by its time; the others are told every time."""
    if known is None or record.device_time is None or record.sequence is not None:
        return False
    return known(record.device_time)


def oldest_first(records: Sequence[Record]) -> list[Record]:
    """Where a protocol does not say in which order records come, the times at both ends do."""
    if not records:
        return []
    first, last = records[0].device_time, records[-1].device_time
    in_order = first is not None and last is not None and first < last
    return list(records) if in_order else list(reversed(records))
