"""/health and /metrics: well means that devices are heard and readings can be kept, not that a process lives."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from edge.alarm.sms.memory import ModemReport
from edge.errors import Permanent
from edge.figures import DeviceFigures
from protocols.telemetry.messages import DeviceStatus, DrillStatus, GivenUp, PowerStatus, RadioStatus

_log = structlog.get_logger()

LATELY = timedelta(days=1)
"""So long after the last reading was given up the gateway is not called well."""


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """What /health answers, and `doorstep-edge status` reads."""

    well: bool
    problems: tuple[str, ...]
    gateway: str
    version: str
    epoch: int
    readings_taken: int
    backlog_rows: int
    backlog_bytes: int
    oldest_backlog_at: datetime | None
    broker_connected: bool
    alarm_line_connected: bool
    devices: tuple[DeviceStatus, ...]
    radio: RadioStatus | None = None
    power: PowerStatus | None = None
    drill: DrillStatus | None = None
    given_up: tuple[GivenUp, ...] = ()
    """By an outbox that was full, since it was made."""
    modem: ModemReport | None = None
    """None where no modem is configured, or its process has not looked yet."""


def fullness(given_up: tuple[GivenUp, ...], now: datetime) -> list[str]:
    """A sentence for each kind of reading of which the outbox gave some up within the last day."""
    return [
        f"the outbox is full: {entry.readings} {entry.worth} readings given up since {entry.since:%Y-%m-%d %H:%M} UTC"
        for entry in given_up
        if now - entry.last_at < LATELY
    ]


def unheard(devices: tuple[DeviceFigures, ...], started_s: float, now_s: float) -> list[str]:
    """A sentence for each watched device that was silent for too long; times are monotonic seconds."""
    problems = []
    for entry in devices:
        allowed_s = entry.device.heard_within_s
        silent_s = now_s - (started_s if entry.heard_s is None else entry.heard_s)
        if allowed_s and silent_s > allowed_s:
            problems.append(f"{entry.device.name} was not heard for {silent_s:.0f} s, expected every {allowed_s:.0f} s")
    return problems


class HealthServer:
    def __init__(
        self, address: tuple[str, int], report: Callable[[], HealthReport], registry: CollectorRegistry
    ) -> None:
        """Raises Permanent with a sentence where the port is taken."""

        class Answers(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                if self.path == "/health":
                    state = report()
                    status = HTTPStatus.OK if state.well else HTTPStatus.SERVICE_UNAVAILABLE
                    self._answer(status, "application/json", msgspec.json.encode(state))
                elif self.path == "/metrics":
                    self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry))
                else:
                    self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/health and /metrics are here\n")

            def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                _log.debug("health_asked", line=format % args)

        try:
            self._server = ThreadingHTTPServer(address, Answers)
        except OSError as error:
            raise Permanent(
                f"health.port: {address[0]}:{address[1]} cannot be opened: {error.strerror}; "
                "choose another port, or 0 for none"
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
