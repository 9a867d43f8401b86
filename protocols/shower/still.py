"""Somebody was seen in the bathroom last, and nobody moves anywhere since: by movement alone. Pure: time is passed in.

The centre learns how long a home is still after the bathroom (cloud/detection/routine); a gateway goes by one figure,
and needs no line for it.
"""

from datetime import datetime, timedelta

SEEN_ELSEWHERE_WITHIN = timedelta(hours=24)
"""Where nothing but the bathroom is watched, or the other sensors are silent, leaving it is not seen."""


class StillWatch:
    def __init__(self, longest: timedelta) -> None:
        self._longest = longest
        self._there: datetime | None = None
        self._elsewhere: datetime | None = None
        self._told_of: datetime | None = None

    def moved(self, at: datetime, *, in_bathroom: bool) -> None:
        """Somebody moved, or a door was opened or shut. Call it for repeated values too: motion that goes on is motion
        now."""
        if in_bathroom:
            self._there = at
        else:
            self._elsewhere = at

    def is_too_long(self, at: datetime) -> bool:
        """True once for each time that somebody was seen in the bathroom last."""
        there, elsewhere = self._there, self._elsewhere
        if there is None or elsewhere is None or there <= elsewhere or there == self._told_of:
            return False
        if at - elsewhere > SEEN_ELSEWHERE_WITHIN or at - there < self._longest:
            return False
        self._told_of = there
        return True
