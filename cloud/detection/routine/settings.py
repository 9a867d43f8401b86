"""What layer 3 goes by, as configs/limits.toml writes it."""

from cloud.detection.model import Priority
from cloud.detection.rule import Table, need

PREFIX = "routine_"
"""Rules of this layer begin so."""
RESTLESS = "routine_restless"
NIGHT = "routine_night_bathroom"
STILL = "routine_no_movement"
NO_SHOWER = "routine_no_shower"
LONG_STAY = "routine_long_stay"
BATHROOM_STAY = "routine_bathroom_stay"


class Restless(Table, frozen=True):
    """To and fro between the rooms that goes on for most of a quarter of the day."""

    changes_per_hour: float
    """Changes of room in the middle hour of a quarter of the day: as many or more in half of its hours."""
    priority: Priority
    source: str
    confirmed: bool = False
    late_minutes: float = 10.0
    """So long after a quarter's end its events are waited for; what takes longer is no news."""
    calm_hours: float = 36.0
    most_a_week: int = 5
    """On more of seven days than these it is how they live: nobody is told again."""

    def __post_init__(self) -> None:
        need(self.changes_per_hour > 0, "changes_per_hour: expected more than 0")
        need(0 < self.late_minutes <= 120, "late_minutes: expected more than 0, and 120 at most")
        need(self.calm_hours > 0, "calm_hours: expected more than 0")
        need(1 <= self.most_a_week <= 7, "most_a_week: expected 1 to 7")


class Night(Table, frozen=True):
    """More visits to the bathroom in a night (22 to 07 on the home's clock) than is usual for the person."""

    more: int
    """So many visits more than the middle one of the nights before."""
    spreads: float
    """And so many robust spreads."""
    priority: Priority
    source: str
    confirmed: bool = False
    days: int = 28
    least_nights: int = 10
    quiet_days: float = 7.0
    renew_hours: float = 72.0


class Still(Table, frozen=True):
    """Nobody moves in the morning, though a sensor of the home is heard and nobody was seen to go out."""

    later_hours: float
    """So long after the latest first movement of the days before but one."""
    priority: Priority
    source: str
    confirmed: bool = False
    days: int = 28
    least_days: int = 10


class NoShower(Table, frozen=True):
    """No shower for longer than the person ever goes without."""

    times: float
    """So many times the longest pause but one in ten."""
    least_days: float
    priority: Priority
    source: str
    confirmed: bool = False
    least_showers: int = 5
    days: int = 42
    renew_hours: float = 168.0
    quiet_days: float = 7.0


class LongStay(Table, frozen=True):
    """Somebody is under the shower for too long, or no longer moves there: as the gateway watches it."""

    still_minutes: float
    longest_minutes: float
    priority: Priority
    source: str
    confirmed: bool = False


class BathroomStay(Table, frozen=True):
    """Nobody moves anywhere since somebody was seen in the bathroom; told again, for now, after twice as long."""

    times: float
    """So many times the longest but one of the days before, in the same part of the day."""
    least_minutes: float
    least_minutes_by_night: float
    priority: Priority
    source: str
    confirmed: bool = False
    days: int = 28
    least_days: int = 10
    night_begins: float = 22.0
    night_ends: float = 7.0

    def __post_init__(self) -> None:
        need(self.times >= 1, "times: expected 1 or more")
        need(min(self.least_minutes, self.least_minutes_by_night) >= 20, "least_minutes: expected 20 or more")
        need(self.least_days >= 1, "least_days: expected 1 or more")
        need(0 <= self.night_ends < self.night_begins <= 24, "night_ends, night_begins: expected hours of one day")


class Routine(Table, frozen=True):
    restless: Restless
    night: Night
    still: Still
    no_shower: NoShower
    long_stay: LongStay
    bathroom_stay: BathroomStay

    def times_of(self, rule: str) -> tuple[float, float | None]:
        """For how many days a rule stays quiet after a visit, and after how many hours it is told again."""
        if rule == NIGHT:
            return self.night.quiet_days, self.night.renew_hours
        if rule == NO_SHOWER:
            return self.no_shower.quiet_days, self.no_shower.renew_hours
        return 0.0, None

    @property
    def longest_days(self) -> int:
        """How far back a look reaches."""
        return max(self.night.days, self.still.days, self.no_shower.days, self.bathroom_stay.days) + 2
