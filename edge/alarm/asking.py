"""Asks aloud to measure again: once, within the home's hours, and never while somebody calls for help.

In the alarm's process, since that has the one voice of the home: a call cuts what is being said here.
"""

import queue
from collections.abc import Callable
from datetime import tzinfo
from typing import Protocol

import structlog

from edge.alarm.ask_journal import AskJournal, OpenAsk
from edge.alarm.ask_words import ask_line
from edge.alarm.speaker import Spoken
from edge.alarm.words import Voice
from edge.clock import Clock
from edge.errors import Temporary
from edge.hours import Hours
from protocols.reading import Metric
from protocols.telemetry.measuring_again import Became

_log = structlog.get_logger()


class Aside(Protocol):
    """A voice that says what is no part of a call, when it is free."""

    def say_aside(self, voice: Voice, ended: Callable[[Spoken], None]) -> None:
        """`ended` may be called from another thread."""


class Asking:
    """`look` belongs to the alarm's loop."""

    def __init__(
        self,
        journal: AskJournal,
        voice: Aside | None,
        clock: Clock,
        speaks_now: Callable[[], bool],
        wrote: Callable[[OpenAsk, Voice], None] = lambda _ask, _voice: None,
    ) -> None:
        """`speaks_now`: whether the hour is one of the home's. `wrote` writes down what is being said."""
        self._journal = journal
        self._voice = voice
        self._clock = clock
        self._speaks_now = speaks_now
        self._wrote = wrote
        self._saying: OpenAsk | None = None
        self._ends: queue.SimpleQueue[Spoken] = queue.SimpleQueue()

    def look(self, *, free: bool) -> None:
        """`free`: nobody calls for help. Where the disk takes nothing it is looked at again."""
        try:
            self._take_end()
            newer: set[Metric] = set()
            for ask in self._journal.open():
                became = Became.TOO_LATE if ask.metric in newer else self._without_a_word(ask)
                newer.add(ask.metric)
                if ask == self._saying:
                    continue
                if became is not None:
                    self._settle(ask, became)
                elif free and self._saying is None and self._speaks_now():
                    self._say(ask)
        except Temporary as error:
            _log.error("ask_waits", problem=str(error))

    def _without_a_word(self, ask: OpenAsk) -> Became | None:
        """What has become of it; None where it can still be said."""
        if self._clock.now() >= ask.until:
            return Became.TOO_LATE if self._speaks_now() else Became.QUIET_HOURS
        return Became.SILENT if self._voice is None else None

    def _say(self, ask: OpenAsk) -> None:
        if self._voice is None:
            return
        self._saying = ask
        words = ask_line(ask.metric, ask.why)
        _log.info("asks_to_measure_again", ask=ask.ask, metric=ask.metric.value, why=ask.why)
        try:
            self._wrote(ask, words)
        except OSError as error:  # what is written down hides nothing that is said
            _log.error("feedback", ask=ask.ask, problem=str(error))
        self._voice.say_aside(words, self._ends.put)

    def _take_end(self) -> None:
        """Of what was being said; what a call has cut is said again when it is over. Raises Temporary."""
        if self._saying is None or self._ends.empty():
            return
        spoken = self._ends.get()
        ask, self._saying = self._saying, None
        if spoken is Spoken.TO_ITS_END:
            self._settle(ask, Became.SAID)
        elif spoken is Spoken.SILENT:
            self._settle(ask, Became.SILENT)

    def _settle(self, ask: OpenAsk, became: Became) -> None:
        self._journal.settle(ask.ask, became, self._clock.now())
        _log.info("asked", ask=ask.ask, became=became.value)


def hours_of(hours: Hours | None, zone: tzinfo, clock: Clock) -> Callable[[], bool]:
    """Whether it is one of these hours now; without any it never is."""
    return lambda: hours is not None and hours.has(clock.now(), zone)
