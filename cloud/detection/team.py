"""When the nurses of a team work."""

from cloud.detection.columns import DAY_US, HOUR_US, MINUTE_US
from cloud.detection.rule import Table, need


class Team(Table, frozen=True):
    """When somebody works, on the home's clock: what is not urgent waits for the morning."""

    begins: str = "09:00"
    ends: str = "21:00"

    def __post_init__(self) -> None:
        need(0 <= self.begins_us < self.ends_us, "begins, ends: expected times as 09:00 and 21:00 of one day")

    @property
    def begins_us(self) -> int:
        return _time_of_day_us(self.begins)

    @property
    def ends_us(self) -> int:
        return _time_of_day_us(self.ends)

    def at_work_us(self, us: int, local_shift_us: int) -> int:
        """`us` where the team works then, otherwise when it begins next."""
        day, time = divmod(us + local_shift_us, DAY_US)
        if self.begins_us <= time < self.ends_us:
            return us
        return (day + (time >= self.ends_us)) * DAY_US + self.begins_us - local_shift_us

    def next_morning_us(self, us: int, local_shift_us: int) -> int:
        """When the team begins on the calendar day after `us`."""
        return ((us + local_shift_us) // DAY_US + 1) * DAY_US + self.begins_us - local_shift_us


def _time_of_day_us(text: str) -> int:
    hour, _, minute = text.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise ValueError(f"expected a time of day such as 09:00, got {text!r}")
    return int(hour) * HOUR_US + int(minute) * MINUTE_US
