"""Listening to a meter that speaks when it has measured. The session has no end; the driver keeps the line open."""

import math
from collections.abc import Callable
from typing import Protocol

from protocols.errors import UnexpectedReply
from protocols.record import Record
from protocols.serial.session import ClockRead, Event, Finished, Identified, LineSettings, RecordRead, Send, Wait

REST_WITHIN_S = 2.0
"""A message is said in one breath: what is half there after this long has lost its other half."""
MAX_DROPPED_BYTES = 64
"""A line that says so much that is no message is not a meter of this kind."""


class MessageSplitter(Protocol):
    dropped: int

    @property
    def pending(self) -> bool: ...

    def feed(self, data: bytes) -> list[bytes]: ...

    def clear(self) -> None: ...


class ListeningSession:
    """See `protocols.serial.session.Listening`; only that says `Finished`."""

    def __init__(
        self,
        model: str,
        line: LineSettings,
        splitter: MessageSplitter,
        records_of: Callable[[bytes], list[Record]],
        first_word: bytes = b"",
    ) -> None:
        """`records_of` a message: none when it tells nothing new. `first_word` is said when the line opens."""
        self._model = model
        self._line = line
        self._splitter = splitter
        self._records_of = records_of
        self._first_word = first_word
        self._records = 0

    @property
    def line(self) -> LineSettings:
        return self._line

    def begin(self) -> list[Event]:
        asked: list[Event] = [Send(self._first_word)] if self._first_word else []
        return [Identified(self._model, ""), ClockRead(None), *asked, Wait(math.inf)]

    def receive(self, data: bytes) -> list[Event]:
        return self._told(self._splitter.feed(data))

    def timed_out(self) -> list[Event]:
        self._splitter.clear()
        return self._told(self._splitter.feed(b""))

    def listened(self) -> list[Event]:
        events = self.timed_out()
        if self._splitter.dropped:
            raise UnexpectedReply(
                f"{self._splitter.dropped} bytes came that are no message of the {self._model}: a measurement may be "
                "missing; check model, cable and baud rate, and measure again"
            )
        return [*events, Finished(self._records)]

    def _told(self, messages: list[bytes]) -> list[Event]:
        events: list[Event] = [RecordRead(record) for message in messages for record in self._records_of(message)]
        self._records += len(events)
        if self._splitter.dropped > MAX_DROPPED_BYTES:
            raise UnexpectedReply(f"what comes is not what is said by {self._model}; check model, cable and baud rate")
        return [*events, Wait(REST_WITHIN_S if self._splitter.pending else math.inf)]
