"""Watches what the broker throws away, where it tells (Mosquitto does)."""

from collections.abc import Callable

import structlog
from prometheus_client import Gauge

from cloud.mqtt import Letter, Subscriber

log = structlog.get_logger()

BROKER_DROPPED = Gauge("doorstep_broker_dropped_messages", "What the broker says it dropped since its start")

_DROPS = "the broker dropped {} messages since its start; gateways send them again; raise the broker's limits"
DROPPED = "$SYS/broker/publish/messages/dropped"


class DropWatch:
    """A connection of its own, made anew whenever the readings' connection is: some brokers cut off who asks this."""

    def __init__(self, url: str, note: Callable[[str, str], None] = lambda _name, _what: None) -> None:
        """`note` is `Health.note`: what was dropped stands on /health until the broker starts anew."""
        self._url = url
        self._tell = note
        self._subscriber: Subscriber | None = None
        self._dropped = 0

    def begin(self) -> None:
        self.close()
        self._dropped = 0
        BROKER_DROPPED.set(0)
        self._tell("broker_drops", "")
        self._subscriber = Subscriber(self._url, "ingest-drops", (DROPPED,), self._note, persist=False)
        self._subscriber.start()

    def close(self) -> None:
        if self._subscriber is not None:
            self._subscriber.stop()
            self._subscriber = None

    def _note(self, letter: Letter) -> None:
        dropped = int(letter.payload) if letter.payload.isdigit() else 0
        if dropped > self._dropped:
            log.warning("broker_drops", messages=dropped, what="gateways send them again; raise the broker's limits")
        if dropped != self._dropped:
            self._tell("broker_drops", _DROPS.format(dropped) if dropped else "")
        self._dropped = dropped
        BROKER_DROPPED.set(dropped)
