"""All SQL of models. It only reads."""

from dataclasses import dataclass
from datetime import datetime

from cloud.db.pool import Connection
from cloud.detection.model import Cause, Priority


@dataclass(frozen=True)
class Judged:
    """An alert as a model needs it."""

    alert_id: int
    elder_id: int
    cause: Cause
    priority: Priority
    score: float
    reasons: int
    evidence_from: datetime
    evidence_to: datetime
    raised_at: datetime
    right: bool | None
    """A nurse's word; None: none yet."""


_ALERT = (
    "SELECT alert_id, elder_id, cause, priority, score, jsonb_array_length(reasons), evidence_from, evidence_to, "
    "raised_at, verdict = 'right' FROM alert JOIN elder USING (elder_id) JOIN home USING (home_id) "
)


def communities(connection: Connection) -> dict[str, int]:
    """Codes and numbers of the regions that have homes."""
    rows = connection.execute(
        "SELECT code, region_id FROM region WHERE EXISTS (SELECT FROM home WHERE home.region_id = region.region_id) "
        "ORDER BY code"
    )
    return {code: int(region_id) for code, region_id in rows}


def judged(connection: Connection, team: int) -> list[Judged]:
    """Alerts of the community of which a nurse has said something, oldest first."""
    rows = connection.execute(
        f"{_ALERT} WHERE region_id = %s AND verdict IS NOT NULL AND cause = ANY(%s) ORDER BY alert_id".encode(),
        (team, sorted(Cause)),
    )
    return [_judged(*row) for row in rows]


def waiting(connection: Connection, team: int) -> list[Judged]:
    """Alerts of the community that wait for their turn."""
    rows = connection.execute(
        f"{_ALERT} WHERE region_id = %s AND held AND state = 'open' AND cause = ANY(%s) ORDER BY alert_id".encode(),
        (team, sorted(Cause)),
    )
    return [_judged(*row) for row in rows]


def _judged(alert_id: int, elder_id: int, cause: str, priority: str, *rest: object) -> Judged:
    return Judged(alert_id, elder_id, Cause(cause), Priority(priority), *rest)  # type: ignore[arg-type]  # as selected
