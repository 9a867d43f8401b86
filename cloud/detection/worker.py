"""The detector's loop: claim an elder with news, decide each cause, write baseline and alerts in one transaction."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter, Gauge, Histogram

from cloud.config import CloudConfig
from cloud.db.listen import Listener
from cloud.db.names import NEW_READINGS, UNSURE
from cloud.db.pool import Connection, DatabaseAway, create_pool
from cloud.detection import store
from cloud.detection.episode import FRESH, Close, Decision, Extend, Open
from cloud.detection.judging import (
    Known,
    closed_since,
    judge,
    metrics_looked_at,
    readings_since,
    verdicts_since,
)
from cloud.detection.limits import Limits, load_limits
from cloud.detection.model import Cause
from cloud.detection.unsure.look import look_at_next_record
from cloud.process import Process, run_worker

log = structlog.get_logger()

LOOKED_AT = Counter("doorstep_detection_elders", "Elders looked at")
DECIDED = Counter(
    "doorstep_detection_decisions", "Alerts opened, extended, escalated and cleared", ["cause", "decision"]
)
SECONDS = Histogram("doorstep_detection_seconds", "Time from claiming an elder to the commit")
WAITING = Gauge("doorstep_detection_waiting", "Elders with news that nobody has looked at yet")


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM. Raises ConfigurationError where the limits file is refused."""
    limits = load_limits(config.beside(config.detection.limits))

    def loop(process: Process) -> None:
        work(process, limits)

    run_worker("detect", config, loop, port=config.detection.port, away=(DatabaseAway,), gives_way=True)


def work(process: Process, limits: Limits) -> None:
    config = process.config
    fresh = timedelta(hours=config.detection.fresh_hours)
    with (
        create_pool(config.database.dsn, "detect", size=2) as pool,
        Listener(config.database.dsn, [NEW_READINGS, UNSURE], "detect") as listener,
    ):
        while not process.stop.is_set():
            with pool.connection() as connection:
                while not process.stop.is_set() and look_at_next(connection, limits, process.clock.now(), fresh=fresh):
                    pass
                while not process.stop.is_set() and look_at_next_record(
                    connection, limits, process.clock.now(), fresh=fresh
                ):
                    pass
                WAITING.set(store.waiting(connection))
            process.healthy("database")
            listener.wait(config.detection.poll_s, process.stop)


def look_at_next(connection: Connection, limits: Limits, now: datetime, *, fresh: timedelta = FRESH) -> bool:
    """Looks at the elder who waits longest, in one transaction; False where nobody waits.

    Killed half-way it has done nothing, and the elder still waits.
    """
    due = None
    try:
        with SECONDS.time(), connection.transaction():
            due = store.claim(connection)
            if due is None:
                return False
            _look_at(connection, due, limits, now, fresh)
            store.forget(connection, due.elder_id)
    except DatabaseAway:
        raise
    except Exception:
        if due is not None:  # one elder whom we cannot judge must not keep all others waiting
            with connection.transaction():
                store.put_back(connection, due.elder_id, now)
        raise
    LOOKED_AT.inc()
    return True


def _look_at(connection: Connection, due: store.DueElder, limits: Limits, now: datetime, fresh: timedelta) -> None:
    elder_id = due.elder_id
    episodes = store.open_episodes(connection, elder_id)  # first: it locks them
    known = Known(
        episodes=episodes,
        closed=store.closed_episodes(connection, elder_id, closed_since(limits, now)),
        observations=store.observations(connection, elder_id, metrics_looked_at(limits), readings_since(limits, now)),
        false_verdicts=store.false_verdicts(connection, elder_id, verdicts_since(limits, now)),
    )
    judgement = judge(known, limits, now, ZoneInfo(due.time_zone), fresh)
    for cause, decision in judgement.decisions.items():
        episode = episodes.get(cause)
        _write(connection, elder_id, cause, decision, alert_id=episode.alert_id if episode else 0, now=now)
    store.keep_baselines(connection, elder_id, judgement.bands, now)
    store.note_seen(connection, elder_id, known.observations)


def _write(
    connection: Connection, elder_id: int, cause: Cause, decision: Decision, *, alert_id: int, now: datetime
) -> None:
    match decision:
        case Open():
            alert_id = store.open_alert(connection, elder_id, cause, decision, now)
            word = "opened"
        case Extend():
            store.extend_alert(connection, alert_id, decision)
            word = "escalated" if decision.escalated else "extended"
        case Close():
            store.clear_alert(connection, alert_id, now)
            word = "cleared"
        case _:
            return
    DECIDED.labels(cause, word).inc()
    log.info("alert", alert=alert_id, elder=elder_id, cause=str(cause), decision=word)
