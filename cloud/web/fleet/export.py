"""The fleet as a table for other programs. Pure."""

from collections.abc import Iterable

from cloud.web import spreadsheet
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


def to_csv(rows: Iterable[tuple[Gateway, list[Need]]]) -> str:
    """UTF-8 with a heading; times in ISO 8601, what is not known is empty."""
    return spreadsheet.to_csv(
        COLUMNS,
        (
            (
                gateway.home_code,
                gateway.gateway_id,
                gateway.address,
                "yes" if gateway.online else "no",
                None if gateway.heard_at is None else gateway.heard_at.isoformat(),
                gateway.version,
                gateway.backlog_rows,
                gateway.backlog_bytes,
                None if gateway.oldest_at is None else gateway.oldest_at.isoformat(),
                gateway.given_up,
                gateway.certificate_days,
                None if gateway.proven_at is None else gateway.proven_at.isoformat(),
                " ".join(needs),
                gateway.problem,
            )
            for gateway, needs in rows
        ),
    )
