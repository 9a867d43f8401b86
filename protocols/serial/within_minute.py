"""Records of meters whose clock tells no seconds: two of one minute would be taken for one and the same."""

from collections.abc import Iterable
from dataclasses import replace

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
