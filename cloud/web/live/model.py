"""Where a home's messages belong, and the event that goes out to the pages."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

EventKind = Literal["alarm", "alert", "visit", "status", "severe", "stranger"]


@dataclass(frozen=True)
class HomeEntry:
    """What is known of a gateway's home without asking the database again."""

    gateway_id: str
    home_code: str
    address: str
    door_note: str
    time_zone: str
    region_id: int
    elders: dict[int, tuple[str, str]]
    """Code and name by elder_id."""
    wearers: dict[str, int]
    """elder_id by the gateway's name of the device, where one person alone wears it."""

    def elder_of(self, device: str) -> int | None:
        """The only one who wears the device; in a home of one elder, that elder."""
        if device in self.wearers:
            return self.wearers[device]
        return next(iter(self.elders)) if len(self.elders) == 1 else None


@dataclass(frozen=True)
class LiveEvent:
    kind: EventKind
    region_id: int | None
    """Whose viewers may hear it; None: everybody, because it names nobody."""
    data: dict[str, Any]
    wire: bytes = field(init=False, repr=False)
    """The event as it stands in the stream, made once for all pages."""

    def __post_init__(self) -> None:
        body = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), default=_plain)
        object.__setattr__(self, "wire", f"event: {self.kind}\ndata: {body}\n\n".encode())


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
