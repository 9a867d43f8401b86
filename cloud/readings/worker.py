"""The ingest loop: broker -> lane -> batch -> one transaction -> receipts -> acknowledgement.

Nothing is acknowledged and no receipt is sent before COMMIT. When this process dies anywhere on the way, the letters
come again, from the broker or from the gateways, and storing them again changes nothing.
"""

import contextlib
import gc

import structlog

from cloud.config import CloudConfig
from cloud.db.pool import DatabaseAway, create_pool
from cloud.process import Process, run_worker
from cloud.readings.batch import settle
from cloud.readings.drops import DropWatch
from cloud.readings.intake import Intake
from cloud.readings.lanes import Lanes
from cloud.readings.receipt_key import key_path, open_receipt_key
from cloud.readings.retained import RetainedStatuses
from cloud.readings.retention.job import thinning
from cloud.readings.signing import ReceiptSigner
from cloud.readings.telling import Telling
from protocols.telemetry import topics

log = structlog.get_logger()

READINGS = "$share/ingest/" + topics.all_gateways(topics.READINGS)
STATUSES = "$share/ingest/" + topics.all_gateways(topics.STATUS)
_OBJECTS_UNTIL_A_LOOK = 100_000


def run(config: CloudConfig) -> None:
    """The process `doorstep-cloud ingest`. Blocks until SIGTERM. Any number may run side by side."""
    # Letters make thousands of objects a moment and hardly a cycle: looking for cycles at Python's own pace costs a
    # fifth of the time.
    gc.freeze()
    gc.set_threshold(_OBJECTS_UNTIL_A_LOOK, 20, 10)
    run_worker("ingest", config, work, port=config.ingest.port, away=(DatabaseAway, OSError), gives_way=True)


def work(process: Process) -> None:
    """Ingests until the process is asked to stop. Letters in hand but not stored are left to the broker."""
    config = process.config
    settings = config.ingest
    lanes = Lanes(settings.lanes, settings.batch_readings, settings.linger_ms / 1000)
    signer = ReceiptSigner(open_receipt_key(key_path(config)))
    drops = DropWatch(config.broker.url, process.health.note)
    retained = RetainedStatuses(config.broker.url, lanes.put)

    def say_broker(up: bool) -> None:
        if up:
            process.healthy("broker")
            drops.begin()
            retained.begin()
            log.info("ready", broker=config.broker.url)
        else:
            process.ill("broker", f"{config.broker.url} does not answer")

    process.ill("broker", "not connected yet")
    with (
        contextlib.closing(drops),
        contextlib.closing(retained),
        create_pool(config.database.dsn, "ingest", size=settings.lanes) as pool,
        Intake(config.broker.url, (READINGS, STATUSES), lanes.put, say_broker) as intake,
        Telling(signer, intake.publish) as telling,
        thinning(process),
    ):
        lanes.drive(process.stop, lambda batch: settle(process, pool, intake, telling, batch))
