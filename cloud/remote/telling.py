"""From the table to the broker: signed, retained, on the gateway's own topic."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.db.pool import DatabaseAway, Pool
from cloud.mqtt import Subscriber
from cloud.remote import store
from cloud.remote.model import Version
from protocols.remote.signed import sign
from protocols.telemetry import topics
from protocols.telemetry.messages import encode

log = structlog.get_logger()

POLL_S = 2.0
_TAKEN_WITHIN_S = 5.0


def publish(broker: Subscriber, key: Ed25519PrivateKey, version: Version) -> bool:
    """Whether the broker has it. Blocks for up to 5 s."""
    payload = encode(sign(version.document, key))
    topic = topics.topic(version.gateway, topics.CONFIGURATION)
    return broker.publish(topic, payload, retain=True).wait(_TAKEN_WITHIN_S)


class Teller:
    """Tells what is to be told, as long as it runs. One is enough; more do no harm."""

    def __init__(self, pool: Pool, broker: str, key: Ed25519PrivateKey, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._broker = broker
        self._key = key
        self._now = now

    async def run(self) -> None:
        """Until cancelled."""
        with contextlib.closing(_Line(self._broker)) as line:
            while True:
                if line.broker.connected:
                    await asyncio.to_thread(self.look, line.broker)
                await asyncio.sleep(POLL_S)

    def look(self, broker: Subscriber) -> int:
        """How many the broker took. While the database is away: none."""
        told = 0
        try:
            with self._pool.connection() as connection:
                for version in store.to_tell(connection, self._now()):
                    if publish(broker, self._key, version):
                        store.note_told(connection, version.gateway, version.version, self._now())
                        log.info("configuration_told", gateway=version.gateway, version=version.version)
                        told += 1
        except DatabaseAway:
            log.warning("database_away", what="configuration")
        return told


class _Line:
    def __init__(self, url: str) -> None:
        self.broker = Subscriber(url, "configuration")
        self.broker.start()

    def close(self) -> None:
        self.broker.stop(0.5)
