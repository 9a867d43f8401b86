"""A session written as one generator: it yields what it asks and what it learns, and is sent what the meter says.

Most meters are asked and answer; they differ in how their bytes are cut and in what is asked. A `Talk` yields `Ask`
where it waits, and is then sent the next part that the meter's splitter cut, or None when nothing came in time. All
else that it yields (`Identified`, `RecordRead`, ... and `Finished` at the very end) is handed on in its order, so a
record yielded before an `Ask` is on the disk before that question goes out.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from protocols.errors import UnexpectedReply
from protocols.serial.session import (
    ClockRead,
    ClockSet,
    Event,
    Finished,
    Identified,
    LineSettings,
    NumberingRestarted,
    RecordRead,
    Send,
    Wait,
)
from protocols.serial.unread import SilentMeter, Unread, silent_meter

RETRIES = 3

Part = TypeVar("Part")
Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Ask:
    """Sends `data` (perhaps nothing) and waits for the next part; None is sent back after so much silence."""

    data: bytes
    silence_s: float


Talk = Generator[
    Ask | Identified | ClockRead | ClockSet | RecordRead | NumberingRestarted | Finished, Part | None, Reply
]


class Splitter(Protocol[Part]):
    """Cuts a stream into a meter's parts, and finds its way back after noise. Holds a bounded number of bytes."""

    def feed(self, data: bytes) -> list[Part]:
        """The parts that `data` completes, in order."""
        ...

    def clear(self) -> None:
        """Drop an unfinished part: nothing more of it will come."""
        ...


class Conversation(Generic[Part]):
    """A talk in progress, whatever wire it goes over: `begin`, `receive` and `timed_out` of a session.

    A line that says `longest_part_bytes` without one whole part is not a meter of this kind.
    """

    def __init__(
        self,
        talk: Talk[Part, None],
        splitter: Splitter[Part],
        longest_part_bytes: int = 512,
        decode: Callable[[bytes], object] | None = None,
    ) -> None:
        """`decode` says what is wrong with a part that the splitter did not take; it raises ProtocolError."""
        self._talk = talk
        self._splitter = splitter
        self._longest_part_bytes = longest_part_bytes
        self._silence_s = 0.0
        self._unread = Unread(decode)
        self._over = False

    def begin(self) -> list[Event]:
        return self._go_on(None)

    def receive(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        if not self._over:
            self._unread.hear(data)
            events.append(Wait(self._silence_s))  # it is speaking: silence is counted from here
        for part in self._splitter.feed(data):
            self._unread.understand()
            if not self._over:
                events += self._go_on(part)
        if self._unread.count > self._longest_part_bytes:
            raise UnexpectedReply(
                f"the line speaks without end ({self._unread.count} bytes) and never as this meter does; "
                f"{self._unread.beginning()}; check the model, then its cable or distance"
            )
        return events

    def timed_out(self) -> list[Event]:
        self._splitter.clear()
        self._unread.pause()
        return [] if self._over else self._go_on(None)

    def _go_on(self, part: Part | None) -> list[Event]:
        events: list[Event] = []
        while not self._over:
            try:
                step = self._talk.send(part)
            except StopIteration:
                self._over = True
                break
            except SilentMeter as silent_meter:
                raise self._unread.of(silent_meter) from silent_meter
            part = None
            if isinstance(step, Ask):
                self._silence_s = step.silence_s
                events += [Send(step.data)] if step.data else []
                events.append(Wait(step.silence_s))
                break
            events.append(step)
        return events


class ConversationSession(Conversation[Part]):
    """See `protocols.serial.session.Session`."""

    def __init__(
        self,
        line: LineSettings,
        talk: Talk[Part, None],
        splitter: Splitter[Part],
        longest_part_bytes: int = 512,
        decode: Callable[[bytes], object] | None = None,
    ) -> None:
        super().__init__(talk, splitter, longest_part_bytes, decode)
        self._line = line

    @property
    def line(self) -> LineSettings:
        return self._line


def ask_again(data: bytes, silence_s: float, model: str) -> Talk[Part, Part]:
    """The next part after `data`, which is sent again when nothing comes. Raises UnexpectedReply after `RETRIES`."""
    for _ in range(1 + RETRIES):
        part = yield Ask(data, silence_s)
        if part is not None:
            return part
    raise silent(model)


def silent(model: str) -> SilentMeter:
    """To be raised out of a talk. Where something was heard all the same, `Conversation` says what."""
    return silent_meter(model, 1 + RETRIES)
