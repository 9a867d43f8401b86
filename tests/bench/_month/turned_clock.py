"""A clock that runs as the wall's does, and is turned forward over the minutes in which nothing happens."""

from datetime import UTC, datetime, timedelta

from cloud.clock import Clock


class TurnedClock(Clock):
    """What the stages take, they take on this clock too: only waiting is left out."""

    def __init__(self, origin: datetime) -> None:
        super().__init__()
        self._ahead = origin - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def at_wall(self, wall: datetime) -> datetime:
        return wall + self._ahead

    def wall_at(self, moment: datetime) -> datetime:
        return moment - self._ahead

    def turn_to(self, moment: datetime) -> timedelta:
        """By how much it was turned; nothing where it is that late already."""
        by = max(moment - self.now(), timedelta(0))
        self._ahead += by
        return by
