"""Hours of a home's day, as a configuration writes them: `08:00-20:00`, or over midnight `20:00-08:00`. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_DAY_MIN = 24 * 60


@dataclass(frozen=True)
class Hours:
    begin_min: int
    """Minutes since the home's midnight."""
    end_min: int
    """Above `begin_min`, and above a day's minutes where they go over midnight. Not within."""

    def has(self, at: datetime, zone: tzinfo) -> bool:
        """`at` is aware."""
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return self.begin_min <= minute < self.end_min or self.begin_min <= minute + _DAY_MIN < self.end_min

    def nearest(self, at: datetime, zone: tzinfo, *, after: datetime, share: float) -> datetime:
        """`at` where it lies within; else the moment nearest to it, and after `after`, that lies `share` (0 to 1) of
        the way through the hours of some day."""
        if self.has(at, zone):
            return at
        day = at.astimezone(zone).date()
        length_min = self.end_min - self.begin_min
        found = []
        for days in (-1, 0, 1, 2):
            midnight = datetime.combine(day + timedelta(days=days), time(), zone)
            moment = (midnight + timedelta(minutes=self.begin_min + share * length_min)).astimezone(UTC)
            if moment > after:
                found.append(moment)
        return min(found, key=lambda moment: abs(moment - at))


ALL_DAY = Hours(0, _DAY_MIN)


def parse_hours(text: str) -> Hours:
    """Raises ValueError with a sentence."""
    match = _HOURS.fullmatch(text)
    numbers = [int(number) for number in match.groups()] if match else []
    if not numbers or numbers[1] > 59 or numbers[3] > 59:
        raise ValueError(f"expected HH:MM-HH:MM such as 08:00-20:00, got {text!r}")
    begin, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if begin >= _DAY_MIN or end > _DAY_MIN or begin == end:
        raise ValueError(f"expected two different times from 00:00 to 24:00, got {text!r}")
    return Hours(begin, end if end > begin else end + _DAY_MIN)
