"""What layer 3 goes by, as configs/limits.toml writes it."""

from cloud.detection.model import Priority
from cloud.detection.rule import Table, need

PREFIX = "routine_"
"""Rules of this layer begin so."""
RESTLESS = "routine_restless"


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


class Routine(Table, frozen=True):
    restless: Restless
