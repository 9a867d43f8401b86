"""A meter's own clock: it knows no zone, is set by hand, and is never quite right."""

from collections.abc import Callable
from datetime import datetime, timedelta


class DeviceClock:
    """Shows the home's wall time plus `offset_s`; setting it changes the offset and nothing else."""

    def __init__(self, local_now: Callable[[], datetime], offset_s: float = 0.0) -> None:
        """`local_now` gives the true wall time of the home, naive."""
        self._local_now = local_now
        self.offset_s = offset_s

    def now(self) -> datetime:
        """Naive, in whole seconds, as meters keep it."""
        return self.shown_at(self._local_now())

    def shown_at(self, local: datetime) -> datetime:
        """What this clock shows, as it is set now, at the true wall time `local`."""
        return (local + timedelta(seconds=self.offset_s)).replace(microsecond=0)

    def set(self, shown: datetime) -> None:
        self.offset_s = round((shown - self._local_now()).total_seconds())
