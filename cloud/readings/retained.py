"""The last status of every gateway, as the broker keeps it: a shared subscription is not given these."""

import threading
from collections.abc import Callable

from cloud.mqtt import Letter, Subscriber
from protocols.telemetry import topics

_LISTEN_S = 15.0
_NOBODY = (-1, 0)  # a place that needs no acknowledgement


class RetainedStatuses:
    """Listens for a while on a connection of its own, whenever the main one was made, and hands on what was kept."""

    def __init__(self, url: str, on_letter: Callable[[Letter], None], listen_s: float = _LISTEN_S) -> None:
        self._url = url
        self._on_letter = on_letter
        self._listen_s = listen_s
        self._lock = threading.Lock()
        self._subscriber: Subscriber | None = None
        self._timer: threading.Timer | None = None

    def begin(self) -> None:
        self.close()
        with self._lock:
            self._subscriber = Subscriber(
                self._url, "ingest-retained", (topics.all_gateways(topics.STATUS),), self._take, persist=False
            )
            self._subscriber.start()
            self._timer = threading.Timer(self._listen_s, self.close)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._subscriber is not None:
                self._subscriber.stop()
                self._subscriber = None

    def _take(self, letter: Letter) -> None:
        if letter.retained:
            self._on_letter(letter._replace(place=_NOBODY))
