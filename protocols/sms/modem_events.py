"""What a modem's session asks its driver to do, and what it tells."""

from dataclasses import dataclass

from protocols.sms.pdu import Deliver, StatusReport


@dataclass(frozen=True)
class ModemStatus:
    """What stands between the modem and sending, as it was found at the last look."""

    trouble: str | None
    """A sentence; None where texts can be sent."""
    operator: str = ""
    signal_dbm: int | None = None
    """-113 to -51; None: not known."""
    roaming: bool = False
    reports: bool = True
    """Whether the modem passes delivery reports on."""


@dataclass(frozen=True)
class Write:
    data: bytes


@dataclass(frozen=True)
class StatusIs:
    status: ModemStatus


@dataclass(frozen=True)
class PinRefused:
    """The PIN is wrong. It must not be tried again, not after a restart either: the third wrong one locks the SIM."""


@dataclass(frozen=True)
class Sent:
    """The network took every part of a text."""

    job: int
    references: tuple[int, ...]
    """By part; delivery reports name them."""


@dataclass(frozen=True)
class NotSent:
    """Perhaps some parts, or all, went out all the same."""

    job: int
    problem: str
    permanent: bool
    """Trying again is of no use: the number is not one."""


@dataclass(frozen=True)
class Came:
    deliver: Deliver
    place: int | None
    """In the modem's memory, for `ModemSession.delete`; None where it was not kept there."""


@dataclass(frozen=True)
class Unreadable:
    """Something came that is no message; the session deletes it."""

    line: str
    problem: str


@dataclass(frozen=True)
class Reported:
    report: StatusReport


Step = Write | StatusIs | PinRefused | Sent | NotSent | Came | Unreadable | Reported
