"""What the embedded Mosquitto refuses: read from its log, counted, and the log kept small.

Mosquitto tells refusals in its log alone, some of them (a gateway that writes where it may not) only beside a line for
each message. So the log is cut whenever it has been read so far; nothing else is kept there.
"""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import structlog

from cloud.db.pool import DatabaseAway, own_connection
from cloud.refusals.counting import count_refusal
from cloud.refusals.keeping import kept_blocking
from protocols.telemetry.topics import PREFIX

log = structlog.get_logger()

_LOOK_EVERY_S = 1.0
_MOST_BYTES = 4_000_000
_READ_BYTES = 16_000_000
_SIGNS = (
    (b"peer did not return a certificate", "broker_no_certificate"),
    (b"certificate verify failed", "broker_certificate"),
    (b": Denied PUBLISH", "broker_other_topic"),
    (b"due to oversize", "broker_too_large"),
    (b"due to malformed packet", "broker_not_mqtt"),
    (b"due to protocol error", "broker_not_mqtt"),
    (b": Client connection from", "broker_not_mqtt"),  # and what failed is none of those above
)
_CONNECTED = re.compile(rb": New client connected from \S+ as (.*) \(p\d, c\d, k\d+, u'(.*)'\)\.$")
_GONE = re.compile(rb": Client (.*) (?:disconnected|closed its connection|has exceeded timeout)")
_SUBSCRIBES = re.compile(rb": Received SUBSCRIBE from (.*)$")
_FILTER = re.compile(rb"^\d+: \t(.*) \(QoS \d\)$")
_MOST_CLIENTS = 100_000


class LogReader:
    """Kinds of refusals in the lines of one Mosquitto's log."""

    def __init__(self) -> None:
        self._names: dict[bytes, bytes] = {}
        """Client id -> the name in the certificate; the centre's own processes have none."""
        self._subscriber = b""

    def refusals(self, lines: list[bytes]) -> Iterator[str]:
        for line in lines:
            kind = next((kind for sign, kind in _SIGNS if sign in line), None)
            if kind is not None:
                yield kind
            elif (found := _FILTER.match(line)) is not None:
                if not self._may_hear(found[1]):
                    yield "broker_other_topic"
                continue
            elif (found := _SUBSCRIBES.search(line)) is not None:
                self._subscriber = found[1]
            elif (found := _CONNECTED.search(line)) is not None and len(self._names) < _MOST_CLIENTS:
                self._names[found[1]] = found[2]
            if kind is None and (found := _GONE.search(line)) is not None:
                self._names.pop(found[1], None)

    def _may_hear(self, topic_filter: bytes) -> bool:
        name = self._names.get(self._subscriber)
        return name is None or topic_filter.startswith(PREFIX.encode() + b"/" + name + b"/")


class BrokerWatch:
    """A thread of its own: the database may be slow, and whoever keeps the stages alive must not wait for it."""

    def __init__(self, path: Path, dsn: str) -> None:
        self._path = path
        self._dsn = dsn
        self._place = 0
        self._rest = b""
        self._reader = LogReader()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-watch", daemon=True)

    def __enter__(self) -> "BrokerWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(_LOOK_EVERY_S)

    def _run(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            try:
                self.look()
                kept_blocking(lambda: own_connection(self._dsn, "broker-watch"), "broker")
            except OSError as error:
                log.warning("broker_log", error=error.strerror, what="will try again")
            except DatabaseAway:
                pass  # who else needs it says so; what was counted waits

    def look(self) -> None:
        """Counts what the log tells since the last look. Raises OSError."""
        if not self._path.exists():
            return
        if self._path.stat().st_size < self._place:  # a new one
            self._place, self._rest = 0, b""
        with self._path.open("rb") as file:
            file.seek(self._place)
            read = file.read(_READ_BYTES)
        self._place += len(read)
        *lines, self._rest = (self._rest + read).split(b"\n")
        for kind in self._reader.refusals(lines):
            count_refusal(kind)
        if self._place > _MOST_BYTES:
            with self._path.open("r+b") as file:
                file.truncate(0)
            self._place, self._rest = 0, b""
