"""The detector's loop: claim an elder with news, decide each cause, write baseline and alerts in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter, Gauge, Histogram

from cloud.config import CloudConfig
from cloud.db.listen import Listener
from cloud.db.names import NEW_READINGS, UNSURE
from cloud.db.pool import Connection, DatabaseAway, create_pool
from cloud.detection import store
from cloud.detection.budget.release import Learned, release, release_all
from cloud.detection.coach.asking import asks
from cloud.detection.coach.store import keep as keep_asks
from cloud.detection.coach.telling import telling
from cloud.detection.columns import History, moment_of, no_events, readings_of
from cloud.detection.episode import Kind, Standing, Step
from cloud.detection.finding import Profile
from cloud.detection.judging import (
    closed_since,
    judge,
    lately,
    live_window,
    metrics_looked_at,
    readings_since,
    verdicts_since,
)
from cloud.detection.limits import Limits, load_limits
from cloud.detection.model import Cause, Episode
from cloud.detection.news import FRESH
from cloud.detection.outcomes.settling import settle
from cloud.detection.personal.model import personal
from cloud.detection.personal.store import in_force
from cloud.detection.together.ranking import learned as learned_by
from cloud.detection.unsure.look import look_at_next_record
from cloud.process import Process, run_worker

log = structlog.get_logger()

LOOKED_AT = Counter("doorstep_detection_elders", "Elders looked at")
DECIDED = Counter(
    "doorstep_detection_decisions", "Alerts opened, extended, escalated and cleared", ["cause", "decision"]
)
ASKED = Counter("doorstep_detection_asked", "Requests to measure again")
SECONDS = Histogram("doorstep_detection_seconds", "Time from claiming an elder to the commit")
_LEAST_WAIT_S = 0.05
HELD = Gauge("doorstep_detection_held", "Alerts that wait because their team's week is full")
WAITING = Gauge("doorstep_detection_waiting", "Elders with news that nobody has looked at yet")


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM. Raises ConfigurationError where the limits file is refused."""
    limits = load_limits(config.beside(config.detection.limits))

    def loop(process: Process) -> None:
        with telling(process):
            work(process, limits)

    run_worker("detect", config, loop, port=config.detection.port, away=(DatabaseAway,), gives_way=True)


def work(process: Process, limits: Limits) -> None:
    config = process.config
    fresh = timedelta(hours=config.detection.fresh_hours)
    by_model = learned_by(Path(config.data), limits)
    with (
        create_pool(config.database.dsn, "detect", size=2) as pool,
        Listener(config.database.dsn, [NEW_READINGS, UNSURE], "detect") as listener,
    ):
        while not process.stop.is_set():
            with pool.connection() as connection:
                now = process.clock.now()
                store.wake(connection, now)
                connection.commit()
                while not process.stop.is_set() and look_at_next(
                    connection, limits, process.clock.now(), fresh=fresh, learned=by_model
                ):
                    pass
                while not process.stop.is_set() and look_at_next_record(
                    connection, limits, process.clock.now(), fresh=fresh
                ):
                    pass
                WAITING.set(store.waiting(connection))
                HELD.set(release_all(connection, limits.budget, process.clock.now(), learned=by_model))
                timer = store.next_timer(connection)
            process.healthy("database")
            listener.wait(_patience_s(config.detection.poll_s, timer, process.clock.now()), process.stop)


def _patience_s(poll_s: float, timer: datetime | None, now: datetime) -> float:
    """How long to wait for news: no longer than until the next timer is over."""
    if timer is None:
        return poll_s
    return min(poll_s, max((timer - now).total_seconds(), _LEAST_WAIT_S))


def look_at_next(
    connection: Connection,
    limits: Limits,
    now: datetime,
    *,
    fresh: timedelta = FRESH,
    learned: Learned | None = None,
) -> bool:
    """Looks at the elder who waits longest, in one transaction; False where nobody waits.

    Killed half-way it has done nothing, and the elder still waits.
    """
    due = None
    try:
        with SECONDS.time(), connection.transaction():
            due = store.claim(connection)
            if due is None:
                return False
            _look_at(connection, due, limits, now, fresh, learned=learned)
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


def _look_at(
    connection: Connection,
    due: store.DueElder,
    limits: Limits,
    now: datetime,
    fresh: timedelta,
    *,
    learned: Learned | None,
) -> None:
    elder_id, zone = due.elder_id, ZoneInfo(due.time_zone)
    settle(connection, elder_id, limits, now)
    budget, limits = limits.budget, personal(limits, in_force(connection, elder_id))
    episodes = store.open_episodes(connection, elder_id)  # first: it locks them
    standing = Standing(episodes, store.closed_episodes(connection, elder_id, closed_since(limits, now)))
    seen = store.observations(connection, elder_id, metrics_looked_at(limits), readings_since(limits, now))
    profile = Profile(
        elder_id,
        zone,
        false_verdicts=store.false_verdicts(connection, elder_id, verdicts_since(limits, now)),
        fresh_us=fresh // timedelta(microseconds=1),
    )
    history = History(readings_of(seen, zone), no_events())
    judgement = judge(history, profile, limits, standing=standing, window=live_window(history, now))
    _write(connection, elder_id, episodes, judgement.steps, now)
    if any(step.kind is Kind.OPENED for step in judgement.steps):
        release(connection, due.team, budget, now, learned=learned)
    ASKED.inc(keep_asks(connection, elder_id, asks(history, limits, lately(history, now))))
    store.keep_baselines(connection, elder_id, judgement.bands, now)
    store.note_seen(connection, elder_id, seen)
    store.set_timer(connection, elder_id, None if judgement.next_look_us is None else moment_of(judgement.next_look_us))


def _write(
    connection: Connection, elder_id: int, episodes: Mapping[Cause, Episode], steps: Sequence[Step], now: datetime
) -> None:
    """What was noticed and had ended again before anybody looked raises nothing."""
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
