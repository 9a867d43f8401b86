"""What the configuration says of planning: hours, paces, and visits that come by themselves."""

from datetime import time
from typing import Annotated, Literal

import msgspec

ClockTime = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""By the homes' clock, such as 06:30."""
Minutes = Annotated[float, msgspec.Meta(ge=0)]
RiskClass = Literal["high", "raised", "usual"]


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    plan_at: list[ClockTime] = msgspec.field(default_factory=lambda: ["06:30", "12:30"])
    """When a team's routes are searched anew; between, they are kept and filled up as things happen."""
    search_s: Annotated[float, msgspec.Meta(ge=0)] = 20.0
    """For how long, a team."""
    days_ahead: Annotated[int, msgspec.Meta(ge=0, le=6)] = 2
    """Routes are laid for today and so many days after it."""
    works_from: ClockTime = "08:00"
    """Of a nurse whose hours nobody wrote down."""
    works_to: ClockTime = "18:00"
    overtime_min: Minutes = 60.0
    """A visit that would begin later than so long after the nurse's hours is not planned on that day."""
    pause_from: ClockTime = "11:30"
    pause_to: ClockTime = "13:30"
    """The latest start of the pause."""
    pause_min: Minutes = 30.0
    """0: none is planned."""
    visit_min: Annotated[float, msgspec.Meta(ge=5, le=480)] = 30.0
    """How long a visit takes, where it does not say."""
    tell_min: Annotated[float, msgspec.Meta(ge=1)] = 15.0
    """People are told of another time where it differs by so much."""
    km_h: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    detour: Annotated[float, msgspec.Meta(ge=1)] = 1.3
    """Roads are so much longer than the air line."""
    stop_min: Minutes = 2.0
    """Parking, stairs, the bell."""
    unknown_min: Minutes = 10.0
    """Between doors of which nobody wrote down where they are."""
    roads: str = ""
    """File of measured ways, `from,to,minutes` by the codes of homes, as CSV; a relative path starts at this
    configuration's folder. What it does not hold comes from the coordinates."""
    skills: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """What a visit needs by its alert's cause, its wish or its kind, such as hypoglycaemia = ["diabetes"]."""
    regular_days: dict[RiskClass, Annotated[int, msgspec.Meta(ge=1, le=366)]] = msgspec.field(default_factory=dict)
    """Every how many days somebody comes to an elder of this risk without being asked; a class that is missing: nobody
    does by that."""
    regular_from: ClockTime = "09:00"
    regular_to: ClockTime = "17:00"
    regular_ahead_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 7
    """So long before their day the visits stand there."""


def clock_time(text: ClockTime) -> time:
    return time.fromisoformat(text)
