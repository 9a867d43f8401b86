"""What a person says of a record, and how the record stood before."""

from dataclasses import dataclass
from datetime import datetime

from cloud.registry.whose import Why


@dataclass(frozen=True)
class Ruling:
    """What a person says of one record."""

    device_id: int
    record_key: int
    elder_id: int | None
    """None: it was none of ours."""
    staff_id: int
    after_ruling: int = 0
    """The newest ruling on this record that the person saw; 0: none."""


@dataclass(frozen=True)
class Filed:
    """How a record stands now."""

    elder_id: int | None
    certainty: float | None
    why: str
    measured_at: datetime
    """Of its earliest value."""
    newest_ruling: int
    """0: none."""
    said_by: str | None

    @property
    def said(self) -> bool:
        return self.why == Why.SAID
