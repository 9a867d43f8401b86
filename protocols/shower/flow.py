"""A shower by its water: it runs, perhaps stops for soap, runs again, and is over when it stays off."""

from datetime import datetime, timedelta

from protocols.shower.event import Shower

RUNNING_L_MIN = 0.5
"""Less is a drip, or a turbine's noise."""
SOAPING = timedelta(minutes=2)
"""Water that is off for longer than this stays off."""


class FlowWitness:
    def __init__(self) -> None:
        self._began: datetime | None = None
        self._last_ran: datetime | None = None

    def heard(self, flow_l_min: float, at: datetime) -> Shower | None:
        """A shower that is known now to have ended. Call it for repeated values too."""
        shower = self.passed(at)
        if flow_l_min >= RUNNING_L_MIN:
            self._began = self._began or at
            self._last_ran = at
        return shower

    def running_since(self, at: datetime) -> datetime | None:
        """When the water that still runs, or has just stopped for soap, began to run; None where it is off."""
        if self._last_ran is None or at - self._last_ran > SOAPING:
            return None
        return self._began

    def passed(self, at: datetime) -> Shower | None:
        """The same where only time has passed."""
        if self._began is None or self._last_ran is None or at - self._last_ran <= SOAPING:
            return None
        shower = Shower(self._began, self._last_ran)
        self._began = self._last_ran = None
        return shower if shower.believable else None
