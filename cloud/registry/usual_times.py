"""When somebody usually measures: "06:30-08:00" in a file, minutes of the home's day inside. Pure."""

import re
from datetime import datetime, tzinfo

DAY_MINUTES = 24 * 60
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")

Minutes = tuple[int, int]
"""The first minute of the home's day, and the one after the last."""


def minutes_of(text: str) -> tuple[Minutes, ...]:
    """ "06:30-08:00" as one stretch, "22:00-01:00" as two. Raises ValueError with the expected form."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"expected a time such as '06:30-08:00', got {text!r}")
    begin, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if end > DAY_MINUTES or begin == end:
        raise ValueError(f"expected a time such as '06:30-08:00', got {text!r}")
    if begin < end:
        return ((begin, end),)
    return ((begin, DAY_MINUTES),) if end == 0 else ((begin, DAY_MINUTES), (0, end))


def minute_at(at: datetime, zone: tzinfo) -> int:
    """The minute of the home's day by the clock on its wall."""
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


def is_usual(minute: int, usual: tuple[Minutes, ...]) -> bool:
    return any(first <= minute < after for first, after in usual)
