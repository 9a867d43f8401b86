"""Requests to measure again, from their table to the voice of the home, and back what became of them."""

import contextlib
import threading
from collections.abc import Iterator

import structlog
from prometheus_client import Counter

from cloud.db.pool import Connection, DatabaseAway, create_pool
from cloud.detection.coach import store
from cloud.mqtt import Subscriber
from cloud.process import Process
from protocols.reading import Metric
from protocols.telemetry import topics
from protocols.telemetry.measuring_again import MeasureAgainMessage
from protocols.telemetry.messages import encode

log = structlog.get_logger()

TOLD = Counter("doorstep_detection_told_aloud", "Requests to measure again that were given to a home, and given again")
BECAME = Counter("doorstep_detection_asked_aloud", "Requests to measure again, by what became of them", ["became"])
POLL_S = 1.0
_LONGEST_PAUSE_S = 30.0


@contextlib.contextmanager
def telling(process: Process) -> Iterator[None]:
    """As long as it lasts homes are told, on a thread of its own. Beside others that do so nothing is told twice."""
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(process, stop), name="coach", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10.0)


def _work(process: Process, stop: threading.Event) -> None:
    config = process.config
    with (
        Subscriber(config.broker.url, "coach") as broker,
        create_pool(config.database.dsn, "coach", size=1) as pool,
    ):
        pause_s = POLL_S
        while not stop.wait(pause_s):
            try:
                with pool.connection() as connection:
                    look(connection, broker, process)
                pause_s = POLL_S
            except DatabaseAway as error:
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                log.warning("database_away", what="coach", error=type(error).__name__, retry_in_s=pause_s)
            except Exception:
                log.exception("coach_failed")


def look(connection: Connection, broker: Subscriber, process: Process) -> int:
    """How many homes were told something. While the broker is away none is."""
    now = process.clock.now()
    for became, count in store.take_answers(connection, now).items():
        BECAME.labels(became).inc(count)
    if not broker.connected:
        return 0
    asks = store.claim_to_tell(connection, now)
    for ask in asks:
        message = MeasureAgainMessage(ask=ask.ask_id, metric=Metric(ask.metric), why=ask.why, until=ask.until)
        broker.publish(topics.topic(ask.gateway, topics.MEASURE_AGAIN), encode(message))
        TOLD.inc()
        log.info("told_to_measure_again", ask=ask.ask_id, gateway=ask.gateway)
    return len(asks)
