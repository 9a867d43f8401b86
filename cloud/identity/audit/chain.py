"""Whether the audit is whole: every line holds the digest of the one before it, and their numbers have no gap. Pure.

A line's digest is SHA-256 over the digest before it (nothing, for the first) and the JSON array of its number, its
moment in microseconds since 1970, staff, token, elder, what and subject, in UTF-8. Who takes lines off the end leaves a
whole chain: so note the head that the verifier prints, somewhere else, and give it to the next verification.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cloud.identity.audit.model import Line

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Head:
    """The newest line's number and digest; 0 and nothing for an empty audit."""

    number: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.digest.hex()}"


@dataclass(frozen=True)
class Verified:
    head: Head
    fault: str
    """Where and how it is broken; empty: it is whole."""


def digest_of(line: Line) -> bytes:
    microseconds = (line.at - _EPOCH) // timedelta(microseconds=1)
    fields = [line.audit_id, microseconds, line.staff_id, line.api_token_id, line.elder_id, line.what, line.subject]
    return hashlib.sha256(line.previous + json.dumps(fields, ensure_ascii=False).encode()).digest()


def head_from(text: str) -> Head:
    """What `Head` prints. Raises ValueError."""
    number, _, digest = text.partition(":")
    return Head(int(number), bytes.fromhex(digest))


def verify(lines: Iterable[Line], known: Head | None = None, begins: Head | None = None) -> Verified:
    """`lines` from the first on; `known` is a head noted earlier, which must still stand in them.

    `begins` is the last line that retention took: the first of `lines` follows it. A head from before it cannot be
    compared any more.
    """
    head = begins or Head(0, b"")
    if known is not None and known.number == head.number and known.digest != head.digest:
        return Verified(head, f"line {head.number} is another than the one that was noted")
    met = known is None or known.number <= head.number
    for line in lines:
        if fault := _fault(head, line):
            return Verified(head, fault)
        head = Head(line.audit_id, line.digest)
        if known is not None and known.number == head.number:
            if known.digest != head.digest:
                return Verified(head, f"line {head.number} is another than the one that was noted")
            met = True
    if not met and known is not None:
        return Verified(head, f"it ends at line {head.number}; line {known.number} was noted: the end is missing")
    return Verified(head, "")


def _fault(head: Head, line: Line) -> str:
    """Why `line` does not follow `head`; empty: it does."""
    if line.audit_id != head.number + 1:
        return f"after line {head.number} comes line {line.audit_id}: lines are missing"
    if line.previous != head.digest:
        return f"line {line.audit_id} does not follow the line before it, which was changed"
    return "" if line.digest == digest_of(line) else f"line {line.audit_id} was changed"
