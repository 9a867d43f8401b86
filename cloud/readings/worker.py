"""The ingest loop: broker -> queue -> batch -> one transaction -> receipts -> acknowledgement.

Nothing is acknowledged and no receipt is sent before COMMIT. When this process dies anywhere on the way, the letters
come again, from the broker or from the gateways, and storing them again changes nothing.
"""

import contextlib
import queue
import time

import structlog
from prometheus_client import Gauge

from cloud.config import CloudConfig
from cloud.db.pool import DatabaseAway, create_pool
from cloud.mqtt import Letter, Subscriber
from cloud.process import Process, run_worker
from cloud.readings.batch import settle
from cloud.readings.drops import DropWatch
from cloud.readings.retention.job import thinning
from protocols.telemetry import topics

log = structlog.get_logger()

WAITING = Gauge("doorstep_ingest_waiting_letters", "Letters taken from the broker and not yet in a batch")

READINGS = "$share/ingest/" + topics.all_gateways(topics.READINGS)
_LOOK_FOR_STOP_S = 0.25
_BYTES_OF_READING = 200  # of a reading in JSON, nearly


def run(config: CloudConfig) -> None:
    """The process `doorstep-cloud ingest`. Blocks until SIGTERM. Any number may run side by side."""
    run_worker("ingest", config, work, port=config.ingest.port, away=(DatabaseAway, OSError))


def work(process: Process) -> None:
    """Ingests until the process is asked to stop. Letters in hand but not stored are left to the broker."""
    config = process.config
    letters: queue.SimpleQueue[Letter] = queue.SimpleQueue()  # bounded by the connection's in-flight window

    drops = DropWatch(config.broker.url, process.health.note)

    def say_broker(up: bool) -> None:
        if up:
            process.healthy("broker")
            drops.begin()
            log.info("ready", broker=config.broker.url)
        else:
            process.ill("broker", f"{config.broker.url} does not answer")

    filters = (READINGS, topics.all_gateways(topics.STATUS))
    process.ill("broker", "not connected yet")
    with (
        contextlib.closing(drops),
        create_pool(config.database.dsn, "ingest", size=2) as pool,
        Subscriber(
            config.broker.url, "ingest", filters, letters.put, manual_ack=True, on_connected=say_broker
        ) as subscriber,
        thinning(process),
    ):
        while not process.stop.is_set():
            batch = _gather(letters, config.ingest.batch_readings, config.ingest.linger_ms / 1000)
            if batch:
                settle(process, pool, subscriber, batch)


def _gather(letters: queue.SimpleQueue[Letter], most_readings: int, linger_s: float) -> list[Letter]:
    """What is waiting, and what comes within `linger_s` of the first, up to a size; empty when nothing came.

    Readings are counted by their bytes, since the letters are not opened yet.
    """
    try:
        batch = [letters.get(timeout=_LOOK_FOR_STOP_S)]
    except queue.Empty:
        return []
    size = len(batch[0].payload)
    until = time.monotonic() + linger_s
    while size < most_readings * _BYTES_OF_READING:
        try:
            batch.append(letters.get(timeout=max(until - time.monotonic(), 0)))
        except queue.Empty:
            break
        size += len(batch[-1].payload)
    WAITING.set(letters.qsize())
    return batch
