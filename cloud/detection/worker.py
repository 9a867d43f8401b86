"""The detector's loop: claim an elder with news, decide each cause, write baseline and alerts in one transaction."""

from datetime import datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import Counter, Gauge, Histogram

from cloud.clock import Clock
from cloud.config import CloudConfig
from cloud.db.listen import Listener
from cloud.db.names import NEW_READINGS, UNSURE
from cloud.db.pool import Connection, DatabaseAway, create_pool
from cloud.detection import store
from cloud.detection.budget.release import Learned, release_all
from cloud.detection.coach.telling import telling
from cloud.detection.limits import Limits, load_limits
from cloud.detection.live.looks import look_at_events, look_at_news
from cloud.detection.live.rounds import look_round
from cloud.detection.news import FRESH
from cloud.detection.together.ranking import learned as learned_by
from cloud.detection.unsure.look import look_at_next_record
from cloud.process import Process, run_worker

log = structlog.get_logger()

LOOKED_AT = Counter("doorstep_detection_elders", "Elders looked at")
SECONDS = Histogram("doorstep_detection_seconds", "Time from claiming an elder to the commit")
ROUNDS = Counter("doorstep_detection_rounds", "Elders whose weeks were looked at")
ROUND_SECONDS = Histogram("doorstep_detection_round_seconds", "Time from claiming an elder for a round to the commit")
_ROUND_AGAIN = timedelta(minutes=30)
"""One elder whose weeks cannot be judged does not keep all others waiting."""
_NEWS_BEFORE_A_ROUND = 50
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
                _look_at_all(connection, limits, process, fresh, by_model)
                WAITING.set(store.waiting(connection))
                HELD.set(release_all(connection, limits.budget, process.clock.now(), learned=by_model))
                timer = store.next_timer(connection)
            listener.wait(_patience_s(config.detection.poll_s, timer, process.clock.now()), process.stop)


def _look_at_all(connection: Connection, limits: Limits, process: Process, fresh: timedelta, learned: Learned) -> None:
    """Everybody with news, and then who has a round. However much is news, timers and rounds are not forgotten."""
    stop, clock = process.stop, process.clock

    def next_news() -> bool:
        return not stop.is_set() and look_at_next(
            connection, limits, clock.now(), fresh=fresh, learned=learned, clock=clock
        )

    def next_record() -> bool:
        return not stop.is_set() and look_at_next_record(connection, limits, clock.now(), fresh=fresh)

    more = True
    while more and not stop.is_set():
        store.wake(connection, clock.now())
        connection.commit()
        more = all(next_news() for _ in range(_NEWS_BEFORE_A_ROUND))
        more = all(next_record() for _ in range(_NEWS_BEFORE_A_ROUND)) or more
        process.healthy("database")
        more = look_at_next_round(connection, limits, clock.now(), fresh=fresh, learned=learned, clock=clock) or more


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
    clock: Clock | None = None,
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
            if due.events_only:
                look_at_events(connection, due, limits, now, learned=learned, clock=clock or Clock())
            else:
                look_at_news(connection, due, limits, now, fresh, learned=learned, clock=clock or Clock())
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


def look_at_next_round(
    connection: Connection,
    limits: Limits,
    now: datetime,
    *,
    fresh: timedelta = FRESH,
    learned: Learned | None = None,
    clock: Clock | None = None,
) -> bool:
    """Goes the round at the elder whose it is for longest, in one transaction; False where it is nobody's turn.

    Killed half-way it has done nothing, and it is still their turn.
    """
    due = None
    try:
        with ROUND_SECONDS.time(), connection.transaction():
            due = store.claim_round(connection, now)
            if due is None:
                return False
            look_round(connection, due, limits, now, fresh, learned=learned, clock=clock or Clock())
    except DatabaseAway:
        raise
    except Exception:
        if due is not None:
            with connection.transaction():
                store.set_round(connection, due.elder_id, now + _ROUND_AGAIN)
        raise
    ROUNDS.inc()
    return True
