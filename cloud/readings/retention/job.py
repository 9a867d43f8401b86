"""Retention beside the ingest loop: once at the start, then once a day; of readings, and of all else that grows old."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import structlog

from cloud.db.pool import connection_settings
from cloud.privacy.keeping.job import keep
from cloud.process import Process
from cloud.readings.retention import store

log = structlog.get_logger()

_EVERY_S = 24 * 3600.0
_AGAIN_S = 600.0
_END_WITHIN_S = 10.0


@contextmanager
def thinning(process: Process) -> Iterator[None]:
    """Thins on a thread of its own while the context lives; a week that is being thinned is given 10 s to end."""
    over = threading.Event()
    thread = threading.Thread(target=_run, args=(process, over), name="retention", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_END_WITHIN_S)


def _run(process: Process, over: threading.Event) -> None:
    pause_s = 0.0
    while not over.wait(pause_s):
        try:
            _thin(process, over)
            _keep(process)
            pause_s = _EVERY_S
        except psycopg.Error as error:  # the database is away, or a row was changed meanwhile
            log.warning("retention_failed", error=str(error).strip().partition("\n")[0], retry_in_s=_AGAIN_S)
            pause_s = _AGAIN_S


def _thin(process: Process, over: threading.Event) -> None:
    config = process.config
    days = {metric.value: count for metric, count in config.retention.days.items()}
    settings = connection_settings("retention")
    with psycopg.connect(config.database.dsn, autocommit=True, **settings) as connection:
        for metric, week, rows in store.thin(connection, days, process.clock.now()):
            log.info("retention", metric=metric, week=week.date().isoformat(), rows=rows)
            if over.is_set():
                return


def _keep(process: Process) -> None:
    config = process.config
    with psycopg.connect(config.database.dsn, autocommit=True, **connection_settings("retention")) as connection:
        now, wall_now = process.clock.now(), datetime.now(UTC)
        for what, rows in keep(connection, config.retention, config.erasures_folder, now, wall_now):
            log.info("retention", what=what, rows=rows)
