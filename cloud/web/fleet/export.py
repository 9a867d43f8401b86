"""The fleet as a table for other programs. Pure."""

import csv
import io
from collections.abc import Iterable

from cloud.web.fleet.model import Gateway, Need

COLUMNS = (
    "home",
    "gateway",
    "address",
    "online",
    "heard_at",
    "version",
    "backlog_rows",
    "backlog_bytes",
    "oldest_backlog_at",
    "given_up",
    "certificate_days",
    "proven_at",
    "needs",
    "problem",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(rows: Iterable[tuple[Gateway, list[Need]]]) -> str:
    """UTF-8 with a heading; times in ISO 8601, what is not known is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for gateway, needs in rows:
        writer.writerow(
            [
                _cell(value)
                for value in (
                    gateway.home_code,
                    gateway.gateway_id,
                    gateway.address,
                    "yes" if gateway.online else "no",
                    "" if gateway.heard_at is None else gateway.heard_at.isoformat(),
                    gateway.version or "",
                    gateway.backlog_rows,
                    gateway.backlog_bytes,
                    "" if gateway.oldest_at is None else gateway.oldest_at.isoformat(),
                    gateway.given_up,
                    "" if gateway.certificate_days is None else gateway.certificate_days,
                    "" if gateway.proven_at is None else gateway.proven_at.isoformat(),
                    " ".join(needs),
                    gateway.problem or "",
                )
            ]
        )
    return out.getvalue()


def _cell(value: str | int) -> str | int:
    """Text that a spreadsheet would take for a formula stays text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
