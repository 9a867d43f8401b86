"""When layer 3 has something to say although nothing arrives: the set hours of its looks. Pure.

A look at another hour finds nothing that the next look would not: what is told at 09:00 is found at 09:00 or later.
"""

from collections.abc import Iterator

import numpy as np

from cloud.detection.columns import DAY_US, MINUTE_US, History, local_of, utc_of_local
from cloud.detection.finding import Profile
from cloud.detection.limits import Limits
from cloud.detection.routine.night import TOLD_AT_US as NIGHT_US
from cloud.detection.routine.no_shower import TOLD_AT_US as NO_SHOWER_US
from cloud.detection.routine.restless import ENDS_US
from cloud.detection.routine.still import due_us


def next_hour_us(history: History, profile: Profile, limits: Limits, now_us: int) -> int | None:
    """The first of them after `now_us`."""
    today = int(local_of(np.array([now_us], dtype=np.int64), profile.zone)[0]) // DAY_US
    return min(
        (at for day in range(today - 1, today + 3) for at in _hours_of(history, profile, limits, day) if at > now_us),
        default=None,
    )


def _hours_of(history: History, profile: Profile, limits: Limits, day: int) -> Iterator[int]:
    late_us = int(limits.routine.restless.late_minutes * MINUTE_US)
    for time_us in (*(end + late_us for end in ENDS_US), NIGHT_US):
        over = utc_of_local(day * DAY_US + time_us, profile.zone)
        yield limits.team.at_work_us(over, day * DAY_US + time_us - over)
    yield utc_of_local(day * DAY_US + NO_SHOWER_US, profile.zone)
    still = due_us(history, profile, limits, day)
    if still is not None:
        yield still
