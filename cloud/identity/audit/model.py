"""A line of the audit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    SAW_RECORD = "saw_record"
    SAW_VISIT = "saw_visit"
    SAW_CARD = "saw_card"
    SAW_LETTERS = "saw_letters"
    TOOK_CALL = "took_call"
    ANSWERED_CALL = "answered_call"
    SENT_SOMEBODY = "sent_somebody"
    NOTED = "noted"
    CLOSED_CALL = "closed_call"
    MOVED_VISIT = "moved_visit"
    REPORTED = "reported"
    SAID_WHOSE = "said_whose"
    SAW_CONSENTS = "saw_consents"
    CHANGED_CONSENTS = "changed_consents"
    CHANGED_LIMITS = "changed_limits"
    DREW_LINK = "drew_link"
    REPLAYED_LETTER = "replayed_letter"


@dataclass(frozen=True)
class Line:
    audit_id: int
    at: datetime
    staff_id: int
    api_token_id: int | None
    elder_id: int | None
    what: str
    subject: str
    previous: bytes
    digest: bytes


@dataclass(frozen=True)
class Look:
    """What an elder is shown of a line."""

    at: datetime
    name: str
    """Of the person; empty where they are no longer here."""
    role: str | None
    what: str
    by_program: bool
