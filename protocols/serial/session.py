"""How every serial meter is spoken to: bytes in, events out, no port and no clock inside.

A driver owns the port. It calls `begin`, then `receive` with whatever arrives, or `timed_out` when nothing came for
as long as the last `Wait` said, and carries out the events **in their order**. A `RecordRead` is on the disk before
the driver goes on to the next event: the acknowledgement that lets a meter forget a record is a later `Send`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from protocols.record import Record


@dataclass(frozen=True)
class LineSettings:
    baud: int
    parity: Literal["none", "odd", "even"] = "none"
    stop_bits: Literal[1, 2] = 1
    xon_xoff: bool = False


@dataclass(frozen=True)
class Send:
    data: bytes


@dataclass(frozen=True)
class Wait:
    """The meter now has this long to answer before `timed_out` is due."""

    seconds: float
    """Infinite for a meter that speaks when it has measured: the line is kept open for as long as there is one."""


@dataclass(frozen=True)
class Identified:
    """Who the meter says it is; before any record."""

    model: str
    serial_number: str
    version: str = ""


@dataclass(frozen=True)
class ClockRead:
    """The meter's clock now (naive); None where it has none or shows nonsense."""

    device_time: datetime | None


@dataclass(frozen=True)
class ClockSet:
    """The meter's clock was set to this (naive) this moment, after the last record was read."""

    device_time: datetime


@dataclass(frozen=True)
class RecordRead:
    record: Record


@dataclass(frozen=True)
class NumberingRestarted:
    """The meter counts its records from the beginning again: what was remembered as the last number is void."""


@dataclass(frozen=True)
class Finished:
    """The meter has been let go; nothing further is expected on the line."""

    records: int


Event = Send | Wait | Identified | ClockRead | ClockSet | RecordRead | NumberingRestarted | Finished


class Session(Protocol):
    """One conversation with one meter, from waking it to letting it go. Used once."""

    @property
    def line(self) -> LineSettings: ...

    def begin(self) -> list[Event]: ...

    def receive(self, data: bytes) -> list[Event]:
        """Raises ProtocolError when the meter refuses or speaks another protocol; the session is over then."""
        ...

    def timed_out(self) -> list[Event]:
        """Asks again, or raises UnexpectedReply when the meter stayed silent too often."""
        ...


@runtime_checkable
class Listening(Session, Protocol):
    """With a meter that speaks when it has measured: there is no end but that nobody listens any more."""

    def listened(self) -> list[Event]:
        """The driver listens no longer. Raises UnexpectedReply where something came that could not be read."""
        ...
