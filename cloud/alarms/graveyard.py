"""Messages of homes that no alarm can be made of: they are kept as dead letters."""

import structlog

from cloud.alarms.figures import RECEIVED
from cloud.alarms.model import KeptAlarm
from cloud.db.pool import Pool
from cloud.process import Process
from cloud.readings.store import bury
from protocols.telemetry.messages import encode
from protocols.telemetry.topics import ALARM, topic

log = structlog.get_logger()


class Graveyard:
    """Its calls block, and raise DatabaseAway."""

    def __init__(self, process: Process, pool: Pool) -> None:
        self._process = process
        self._pool = pool

    def bury(self, where: str, payload: bytes, reason: str) -> None:
        with self._pool.connection() as connection:
            bury(connection, where, payload, reason, at=self._process.clock.now())
        RECEIVED.labels("rejected").inc()
        log.warning("alarm_rejected", topic=where, reason=reason)

    def bury_kept(self, kept: KeptAlarm, reason: str) -> None:
        """What the journal kept, and the database refused when it was back."""
        self.bury(topic(kept.gateway_id, ALARM), encode(kept.message), reason)
