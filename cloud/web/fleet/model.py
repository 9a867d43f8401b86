"""A gateway as the fleet page shows it, and whether it needs a hand. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SILENT_AFTER = timedelta(minutes=3)
"""Of the wall: heartbeats come every 30 s, however fast a simulated day runs."""
WAITS_LONG_AFTER = timedelta(minutes=15)
CERTIFICATE_LATE_DAYS = 21
"""A gateway renews weeks before."""
GIVEN_UP_LATELY = timedelta(days=1)


class Need(StrEnum):
    """Why somebody should look at a gateway, what weighs most first."""

    NEVER_HEARD = "never_heard"
    TWO = "two_gateways"
    """Two are alive under this name."""
    OFF_LINE = "off_line"
    SILENT = "silent"
    GAVE_UP = "gave_up"
    REFUSED = "refused"
    WAITS_LONG = "waits_long"
    CONFIGURATION = "configuration"
    PROBLEM = "problem"
    CERTIFICATE = "certificate"
    NOT_PROVEN = "not_proven"


@dataclass(frozen=True)
class Gateway:
    """One row; what its last heartbeat said, where there was one."""

    gateway_id: str
    home_code: str
    address: str
    time_zone: str
    online: bool
    heard_at: datetime | None
    version: str | None
    backlog_rows: int
    backlog_bytes: int
    oldest_at: datetime | None
    """When the oldest reading that waits was received."""
    given_up: int
    """Readings that its outbox gave up because it was full, since it was made."""
    given_up_at: datetime | None
    receipts_refused: int
    problem: str | None
    """In the gateway's own words."""
    config_version: int
    """Of the centre's configuration that is in force; 0: the home's own file alone."""
    config_wanted: int
    """The newest that the centre asked for; 0: none, or not this person's to see."""
    config_refused: str | None
    """Why it did not take the last one, in its own words."""

    certificate_days: int | None = None
    """That its certificate still lives, by the wall's clock; below 0: it has ended. None: it has none."""
    proven_at: datetime | None = None
    """Since when the home counts as live."""
    two_since: datetime | None = None
    """Since when two gateways speak under this name; None: one does."""

    def needs(self, now: datetime, speed: float = 1.0) -> list[Need]:
        """`speed`: simulated seconds in one of the wall."""
        if self.heard_at is None:
            return [Need.NEVER_HEARD]
        found = {
            Need.TWO: self.two_since is not None,
            Need.OFF_LINE: not self.online,
            Need.SILENT: self.online and now - self.heard_at > SILENT_AFTER * speed,
            Need.GAVE_UP: self.given_up_at is not None and now - self.given_up_at < GIVEN_UP_LATELY,
            Need.REFUSED: self.receipts_refused > 0,
            Need.WAITS_LONG: self.oldest_at is not None and now - self.oldest_at > WAITS_LONG_AFTER,
            Need.CONFIGURATION: self.config_refused is not None,
            Need.PROBLEM: bool(self.problem),
            Need.CERTIFICATE: self.certificate_days is not None and self.certificate_days < CERTIFICATE_LATE_DAYS,
            Need.NOT_PROVEN: self.certificate_days is not None and self.proven_at is None,
        }
        return [need for need, there in found.items() if there]


def in_order(gateways: list[Gateway], now: datetime, speed: float = 1.0) -> list[tuple[Gateway, list[Need]]]:
    """Those that need a hand first, the gravest before the others; then by home."""
    order = list(Need)
    rows = [(gateway, gateway.needs(now, speed)) for gateway in gateways]
    return sorted(rows, key=lambda row: (order.index(row[1][0]) if row[1] else len(order), row[0].home_code))


def size(count: int) -> str:
    """Bytes as people say them: 512 B, 12 kB, 3.4 MB."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
