"""How a meter with its maker's own Bluetooth protocol is spoken to: values in, events out, no radio, no clock.

As with a serial meter (`protocols.serial.session`) the driver carries out the events **in their order**, and a
`RecordRead` is on the disk before it goes on to the next event. What differs is the wire: a value goes to one
characteristic and comes from another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from protocols.serial.session import (
    ClockRead,
    ClockSet,
    Event,
    Finished,
    Identified,
    NumberingRestarted,
    RecordRead,
    Send,
    Wait,
)


@dataclass(frozen=True)
class Write:
    """One value to one characteristic, written with a response."""

    characteristic: str
    value: bytes


GattEvent = Write | Wait | Identified | ClockRead | ClockSet | RecordRead | NumberingRestarted | Finished


SetClockTo = Callable[[], datetime | None]
"""The home's wall time, naive, to which a meter's clock is to be set; None where it is right enough."""


class HasRecordAt(Protocol):
    """Whether a record of this time, by the meter's clock, and of this user was taken."""

    def __call__(self, device_time: datetime, user_slot: int | None = None, /) -> bool: ...


@dataclass(frozen=True)
class Remembered:
    """What earlier sessions took from this meter."""

    last_sequence: int | None = None
    """Highest record number that is on the disk; for meters that number their records."""
    has_record_at: HasRecordAt | None = None
    """None takes every record."""


class GattSession(Protocol):
    """One conversation with one meter on an established link. Used once."""

    @property
    def notifying(self) -> tuple[str, ...]:
        """Characteristics to subscribe to, in this order, before `begin`."""
        ...

    def begin(self) -> list[GattEvent]: ...

    def receive(self, characteristic: str, value: bytes) -> list[GattEvent]:
        """Raises ProtocolError when the meter refuses or speaks another protocol; the session is over then."""
        ...

    def timed_out(self) -> list[GattEvent]:
        """Asks again, or raises UnexpectedReply when the meter stayed silent too often."""
        ...


class Talk(Protocol):
    """A conversation that knows bytes and no characteristics, such as `protocols.serial.conversation.Conversation`."""

    def begin(self) -> list[Event]: ...

    def receive(self, data: bytes) -> list[Event]: ...

    def timed_out(self) -> list[Event]: ...


@dataclass(frozen=True)
class Arrived:
    """What a value that was heard means to the conversation, and what it asks of the wire itself."""

    data: tuple[bytes, ...] = ()
    acknowledgements: tuple[Write, ...] = ()


class Wire(Protocol):
    """How a conversation's bytes are laid on characteristics and taken from them."""

    @property
    def notifying(self) -> tuple[str, ...]: ...

    def lay(self, data: bytes) -> list[Write]: ...

    def take(self, characteristic: str, value: bytes) -> Arrived:
        """Raises ProtocolError for a value that the wire does not know."""
        ...

    def clear(self) -> None:
        """Drop what is unfinished: nothing more of it will come."""
        ...


class OverGatt:
    """A `GattSession` made of a conversation and the wire under it.

    An acknowledgement that the wire owes goes out behind the records that its value brought and before the next
    question or the end: a meter that forgets what was acknowledged has been read by then.
    """

    def __init__(self, talk: Talk, wire: Wire) -> None:
        self._talk = talk
        self._wire = wire

    @property
    def notifying(self) -> tuple[str, ...]:
        return self._wire.notifying

    def begin(self) -> list[GattEvent]:
        return self._laid(self._talk.begin(), ())

    def receive(self, characteristic: str, value: bytes) -> list[GattEvent]:
        arrived = self._wire.take(characteristic, value)
        events: list[Event] = []
        for data in arrived.data:
            events += self._talk.receive(data)
        return self._laid(events, arrived.acknowledgements)

    def timed_out(self) -> list[GattEvent]:
        self._wire.clear()
        return self._laid(self._talk.timed_out(), ())

    def _laid(self, events: list[Event], acknowledgements: tuple[Write, ...]) -> list[GattEvent]:
        laid: list[GattEvent] = []
        owed = list(acknowledgements)
        for event in events:
            if isinstance(event, Send | Finished):
                laid += owed
                owed = []
            laid += self._wire.lay(event.data) if isinstance(event, Send) else [event]
        return laid + owed


class PlainWire:
    """Bytes go to one characteristic, in pieces that it holds, and come from another, or from the same."""

    def __init__(self, writing: str, notifying: str, longest_write: int) -> None:
        self._writing = writing
        self._notifying = notifying
        self._longest_write = longest_write

    @property
    def notifying(self) -> tuple[str, ...]:
        return (self._notifying,)

    def lay(self, data: bytes) -> list[Write]:
        pieces = range(0, len(data), self._longest_write)
        return [Write(self._writing, data[at : at + self._longest_write]) for at in pieces]

    def take(self, characteristic: str, value: bytes) -> Arrived:  # noqa: ARG002 - there is only one
        return Arrived((value,))

    def clear(self) -> None:
        pass
