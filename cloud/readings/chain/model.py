"""What a proof is made of, and what it finds."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from protocols.telemetry.spans import Span


class Why(StrEnum):
    """Why a number has no row that is what was sent."""

    DUPLICATE = "duplicate"
    """The same record of the meter is stored under another number."""
    ALTERED = "altered"
    """Its time was brought to what a row can hold."""
    REFUSED = "refused"
    """No row can hold it; it lies among the dead letters."""
    THINNED = "thinned"
    """Retention took its row."""
    ERASED = "erased"
    """The person of whom it was was erased."""


TAKEN = (Why.THINNED, Why.ERASED)
"""What was stored is gone rightly."""
MOST_FAULTS = 1000


@dataclass(frozen=True)
class Piece:
    """What the database holds of one number."""

    number: int
    row: bytes | None
    """Digest of its row as it is now; None: there is no row."""
    at: datetime | None = None
    """When the row says that it was measured."""
    what: str = ""
    """Device and metric of the row."""
    sent: bytes | None = None
    """Digest of what was sent, where that was noted apart."""
    sent_row: bytes | None = None
    """Digest of the row as it was made, where that was noted apart."""
    why: Why | None = None


@dataclass(frozen=True)
class Head:
    """The running hash over all numbers up to `number`, as a gateway told it."""

    number: int
    link: bytes
    disputed: bool = False


@dataclass(frozen=True)
class Stream:
    """One outbox of one gateway, as its receipts have it."""

    gateway: str
    epoch: int
    stored: tuple[Span, ...] = ()
    """In rising order; with what was given up."""
    given_up: tuple[Span, ...] = ()


class FaultKind(StrEnum):
    MISSING = "missing"
    """A receipt was given for these numbers, and nothing of them is here."""
    CHANGED = "changed"
    """The hash over these numbers is not what the gateway told."""
    EXTRA = "extra"
    """There is a row of a number that never came, or two of one number."""
    DISPUTED = "disputed"
    """Two different hashes were told of this number: two gateways with one identity, or a false one."""
    UNCHAINED = "unchained"
    """The hashes that came with these numbers, or should have, are gone."""


@dataclass(frozen=True)
class Fault:
    kind: FaultKind
    first: int
    last: int
    before: Piece | None = None
    """The nearest reading below, for finding the place."""
    after: Piece | None = None
    """The nearest above."""


@dataclass
class Findings:
    """What was found in one stream."""

    gateway: str
    epoch: int
    first: int | None = None
    last: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    """Earliest and latest time of measuring."""
    rows: int = 0
    proven: int = 0
    """Numbers whose content is as it was sent, by the running hash."""
    before_chain: int = 0
    """Numbers that came before this gateway told a hash: they are here, and nothing proves what they said."""
    unproven: int = 0
    """Numbers that stand beside a fault, so that no hash reaches them."""
    given_up: int = 0
    why: dict[Why, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    """The first `MOST_FAULTS`: of a database in ruins there may be one a reading."""
    more_faults: int = 0

    @property
    def whole(self) -> bool:
        return not self.faults
