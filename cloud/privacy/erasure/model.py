"""Whom an erasure is about, and what it did."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Erased:
    elder_id: int
    rows: dict[str, int]
    """Rows deleted or cleared, by table; those without any are left out."""
    measured: tuple[datetime, datetime] | None
    """From when to when there were measurements."""
