"""A dispute over a deed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Outcome = Literal["corrected", "stands"]


@dataclass(frozen=True, kw_only=True)
class Dispute:
    dispute_id: int
    entry_id: UUID
    account_id: int
    who: str
    """Whose word it is."""
    words: str
    said_at: datetime
    kind: str
    """Of the deed."""
    at: datetime
    minutes: int
    """To the account; below zero: from it."""
    visit_id: int | None
    outcome: str | None
    """An Outcome; None: nobody answered yet."""
    answer: str
