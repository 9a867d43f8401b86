"""Steps of episodes -> elder_id,raised_at,cause,priority,score,floor,evidence_from,evidence_to,explanation."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from cloud.detection.columns import moment_of
from cloud.detection.episode import Kind, Step
from cloud.detection.explanation import explained
from cloud.detection.model import Cause, Priority, most_urgent

COLUMNS = (
    "elder_id",
    "raised_at",
    "cause",
    "priority",
    "score",
    "floor",
    "evidence_from",
    "evidence_to",
    "explanation",
)
_TOLD = (Kind.OPENED, Kind.RENEWED, Kind.ESCALATED)


@dataclass(frozen=True, order=True)
class AlertRow:
    """What somebody is told: an episode begins, becomes more urgent, or goes on with new evidence on a new day."""

    raised_at: datetime
    elder_id: str
    cause: Cause
    priority: Priority
    score: float
    floor: bool
    evidence_from: datetime
    evidence_to: datetime
    explanation: str


def alert_rows(elder_id: str, steps: Iterable[Step], zone: tzinfo) -> list[AlertRow]:
    """Times on the home's clock. Each row speaks of what was noticed just then."""
    return [
        AlertRow(
            raised_at=step.at.astimezone(zone),
            elder_id=elder_id,
            cause=step.cause,
            priority=most_urgent(*(one.priority for one in step.fresh)),
            score=max(one.score for one in step.fresh),
            floor=any(one.floor for one in step.fresh),
            evidence_from=moment_of(min(one.evidence_from_us for one in step.fresh)).astimezone(zone),
            evidence_to=moment_of(max(one.evidence_to_us for one in step.fresh)).astimezone(zone),
            explanation=explained([one.reason for one in step.fresh], zone),
        )
        for step in steps
        if step.kind in _TOLD
    ]


def write_alerts(path: Path, rows: Iterable[AlertRow]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(
                (
                    row.elder_id,
                    row.raised_at.isoformat(),
                    row.cause.value,
                    row.priority.value,
                    f"{row.score:.4f}",
                    "true" if row.floor else "false",
                    row.evidence_from.isoformat(),
                    row.evidence_to.isoformat(),
                    row.explanation,
                )
            )
