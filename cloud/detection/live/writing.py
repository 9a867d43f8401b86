"""What a look decided becomes rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from prometheus_client import Counter

from cloud.db.pool import Connection
from cloud.detection import store
from cloud.detection.budget.release import Learned, release
from cloud.detection.budget.settings import Budget
from cloud.detection.episode import Kind, Step
from cloud.detection.model import Cause, Episode

log = structlog.get_logger()

DECIDED = Counter(
    "doorstep_detection_decisions", "Alerts opened, extended, escalated and cleared", ["cause", "decision"]
)


def write(
    connection: Connection,
    due: store.DueElder,
    episodes: Mapping[Cause, Episode],
    steps: Sequence[Step],
    now: datetime,
    *,
    budget: Budget,
    learned: Learned | None,
) -> None:
    """What was noticed and had ended again before anybody looked raises nothing."""
    elder_id = due.elder_id
    alert_ids = {cause: episode.alert_id for cause, episode in episodes.items()}
    for number, step in enumerate(steps):
        cause = step.cause
        if step.kind is Kind.OPENED:
            alert_ids.pop(cause, None)
            if any(later.cause is cause and later.kind is Kind.CLEARED for later in steps[number:]):
                continue
            alert_ids[cause] = store.open_alert(connection, elder_id, step.episode, now)
        elif cause not in alert_ids:
            continue
        elif step.kind is Kind.CLEARED:
            store.clear_alert(connection, alert_ids[cause], now)
        else:
            told_at = None if step.kind is Kind.EXTENDED else now
            store.extend_alert(connection, alert_ids[cause], step.episode, told_at)
        DECIDED.labels(cause, step.kind).inc()
        log.info("alert", alert=alert_ids[cause], elder=elder_id, cause=str(cause), decision=str(step.kind))
    if any(step.kind is Kind.OPENED for step in steps):
        release(connection, due.team, budget, now, learned=learned)
