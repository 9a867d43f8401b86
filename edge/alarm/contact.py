"""A pull cord or button on a wire: a contact that closes and opens -> presses, short or long."""

import asyncio

from edge.alarm.calling import Calling
from edge.figures import Figures
from protocols.alarm.kinds import AlarmKind


class ContactTrigger:
    """Called on the event loop. The first pull calls the moment the contact closes; only while that call may still be
    taken back is a further one watched until it is clear whether it is a long one.
    """

    def __init__(
        self,
        name: str,
        calling: Calling,
        figures: Figures,
        *,
        hold_s: float,
    ) -> None:
        self.name = name
        self._calling = calling
        self._figures = figures
        self._hold_s = hold_s
        self._undecided: asyncio.TimerHandle | None = None

    def closed(self) -> None:
        self.alive()
        if self._undecided is not None:
            return
        if self._calling.may_be_taken_back(self.name):
            self._undecided = asyncio.get_running_loop().call_later(self._hold_s, self._decide, True)
        else:
            self._press(long=False)

    def opened(self) -> None:
        self.alive()
        self._decide(False)

    def alive(self) -> None:
        """The line was looked at and works."""
        self._figures.heard(self.name)
        self._figures.trouble(self.name, None)

    def broken(self, sentence: str) -> bool:
        """True where that is news."""
        self._decide(False)  # nobody can say how long it would have been held: it counts as a call
        return self._figures.trouble(self.name, sentence)

    def _decide(self, long: bool) -> None:
        if self._undecided is not None:
            self._undecided.cancel()
            self._undecided = None
            self._press(long=long)

    def _press(self, *, long: bool) -> None:
        self._calling.press(self.name, AlarmKind.FIXED_TRIGGER, long=long)
