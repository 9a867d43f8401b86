"""A gateway's connection to the broker in an intruder's hands: it says and asks for whatever it is told to."""

import queue
import ssl
import threading
from pathlib import Path
from types import TracebackType

from edge.identity.line_tls import LineTls
from edge.mqtt_line import Arrived, LineHandlers, MqttLine


class _Bare(LineTls):
    """Believes the centre and shows no certificate."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def refresh(self) -> None:
        """There is nothing to read."""


class IntruderLine:
    def __init__(
        self, port: int, identity: Path | None, trusted: ssl.SSLContext, name: str, hears: tuple[str, ...]
    ) -> None:
        self.up, self.down = threading.Event(), threading.Event()
        self.heard: queue.SimpleQueue[Arrived] = queue.SimpleQueue()
        self._taken: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._line = MqttLine(
            name,
            ("localhost", port),
            hears,
            LineHandlers(
                arrived=self.heard.put,
                up=lambda _kept: self.up.set(),
                down=self.down.set,
                sent=lambda _mid, taken: self._taken.put(taken),
                last_will=lambda: None,
            ),
            tls=_Bare(trusted) if identity is None else LineTls(identity),
        )

    def publish(self, topic: str, payload: bytes) -> None:
        self._line.publish(topic, payload)

    def taken(self, patience_s: float = 30.0) -> bool:
        """Whether the broker took the next of what was published."""
        return self._taken.get(timeout=patience_s)

    def __enter__(self) -> "IntruderLine":
        self._line.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.stop(patience_s=1.0)
