"""What the ingester handles: deliveries (opened letters), and what storing them gave."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from protocols.reading import Reading
from protocols.telemetry.messages import Receipt


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message of readings that could be opened. A struct, since it is made in a fifth of a dataclass's time."""

    gateway: str
    topic: str
    payload: bytes
    epoch: int
    first: int
    count: int
    """The message holds the numbers `first` to `first + count - 1`, whether each is storable or not."""
    readings: tuple[Reading, ...]
    """Those that can be stored."""
    numbers: Sequence[int]
    """Their places in the outbox."""
    fault: str | None = None
    """Why the others cannot; the letter is then kept as a dead letter as well, and its numbers count as stored."""
    given_up: tuple[tuple[int, int], ...] = ()
    """Closed ranges of numbers that its outbox had to give up; they count as stored, and are kept apart."""
    chain: tuple[bytes, bytes] | None = None
    """The running hash before its first number and after its last; None from a gateway that tells none."""
    odd: tuple[tuple[int, bytes], ...] = ()
    """Number and digest of what was sent, for readings that no row holds, or not as they were sent."""


@dataclass(frozen=True)
class Stored:
    """What one transaction did."""

    readings: int
    """New rows."""
    duplicates: int
    """Readings that were there already."""
    dead_letters: int
    receipts: tuple[tuple[str, Receipt], ...]
    """Gateway and what the database now holds of one of its outboxes; to be published after COMMIT."""
