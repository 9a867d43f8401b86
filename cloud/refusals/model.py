"""One kind of refusal, as the page shows it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Refused:
    kind: str
    day: int
    """So many in 24 hours, to within the hour."""
    week: int
    all_kept: int
    last_at: datetime
