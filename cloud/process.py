"""What every stage's process shares: a stop event, health and metrics over HTTP, and the outermost loop.

def run(config: CloudConfig) -> None:
    run_worker("detect", config, work, port=config.detection.port, away=(DatabaseAway,))

def work(process: Process) -> None:
    process.healthy("database")
    while not process.stop.is_set():
        ...
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import prometheus_client
import structlog

from cloud.clock import Clock, clock_from_environment
from cloud.config import CloudConfig
from cloud.logs import set_up_logs
from cloud.tasks import end

log = structlog.get_logger()

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0
_STEADY_AFTER_S = 60.0
_GIVES_WAY = 5  # about a third of the processor against one that does not


class Health:
    """What /health answers: named checks, each well or with a sentence of what is wrong."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._checks: dict[str, str] = {"started": "is starting"}
        self._notes: dict[str, str] = {}

    def healthy(self, check: str) -> None:
        with self._lock:
            self._checks.pop("started", None)
            self._checks.pop("work", None)  # the loop that failed is at work again
            self._checks[check] = ""

    def ill(self, check: str, why: str) -> None:
        with self._lock:
            self._checks[check] = why

    def note(self, name: str, what: str) -> None:
        """Something to look at that makes nobody ill; an empty `what` takes it away."""
        with self._lock:
            if what:
                self._notes[name] = what
            else:
                self._notes.pop(name, None)

    def report(self) -> tuple[bool, bytes]:
        """Whether all is well, and the JSON that says so."""
        with self._lock:
            checks, notes = dict(self._checks), dict(self._notes)
        well = not any(checks.values())
        body: dict[str, object] = {
            "ok": well,
            "process": self._process,
            "checks": {name: why or "ok" for name, why in checks.items()},
        }
        if notes:
            body["notes"] = notes
        return well, msgspec.json.encode(body)


class Process:
    """One stage while it runs. `stop` is set by SIGTERM, SIGINT, or `ask_to_stop`."""

    def __init__(self, name: str, config: CloudConfig, clock: Clock | None = None) -> None:
        self.name = name
        self.config = config
        self.clock = clock or clock_from_environment()
        self.stop = threading.Event()
        self.health = Health(name)
        self._on_stop: list[Callable[[], object]] = []

    def healthy(self, check: str) -> None:
        self.health.healthy(check)

    def ill(self, check: str, why: str) -> None:
        self.health.ill(check, why)

    def ask_to_stop(self) -> None:
        self.stop.set()
        for tell in list(self._on_stop):
            tell()

    async def until_stopped(self) -> None:
        """For a stage that lives in asyncio: returns when the process is asked to stop."""
        loop, asked = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(asked.set)

        self._on_stop.append(tell)
        try:
            if not self.stop.is_set():
                await asked.wait()
        finally:
            self._on_stop.remove(tell)


async def side_by_side(process: Process, *loops: Coroutine[Any, Any, None]) -> None:
    """Runs asyncio loops side by side until the process is asked to stop; then, or when one fails, all are cancelled.

    Raises what the first failing loop raised.
    """
    stopped = asyncio.create_task(process.until_stopped())
    tasks = [stopped, *(asyncio.create_task(loop) for loop in loops)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(tasks)


def run_worker(
    name: str,
    config: CloudConfig,
    loop: Callable[[Process], None],
    *,
    port: int = 0,
    away: tuple[type[Exception], ...] = (OSError,),
    gives_way: bool = False,
) -> None:
    """Runs `loop` until SIGTERM or SIGINT; begins it again after a failure, with a growing pause.

    A failure in `away` (a server that does not answer) is one line in the log; any other is a fault of ours, shown
    with its traceback. `loop` returns when `process.stop` is set, its work handed back. /health and /metrics are
    served on `port` of 127.0.0.1 (0: not at all). A library that `loop` uses must not install signal handlers.
    With `gives_way` the processor is left to stages that a person waits for, where there is not enough of it.
    """
    set_up_logs(name)
    if gives_way:
        os.nice(_GIVES_WAY)
    process = Process(name, config)
    stop_on_signals(process.ask_to_stop)
    with serve_health(process.health, port):
        log.info("started", port=port or None)
        _keep_going(process, loop, away)
    log.info("stopped")


def stop_on_signals(ask_to_stop: Callable[[], object]) -> None:
    """Calls `ask_to_stop` on SIGTERM and SIGINT, on a thread of its own, from now to the end of the process.

    Not in a signal handler: that runs between two steps of the main thread, which may hold the very lock that
    setting an event needs.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    asked = {signal.SIGTERM, signal.SIGINT}
    for number in asked:
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def watch(_keep: socket.socket = writer) -> None:
        while byte := reader.recv(1):
            if byte[0] in asked:
                ask_to_stop()

    threading.Thread(target=watch, name="signals", daemon=True).start()


def _keep_going(process: Process, loop: Callable[[Process], None], away: tuple[type[Exception], ...]) -> None:
    pause_s = _FIRST_PAUSE_S
    while not process.stop.is_set():
        began = time.monotonic()
        failure = _failure_of(process, loop)
        if failure is None:
            return
        if time.monotonic() - began > _STEADY_AFTER_S:
            pause_s = _FIRST_PAUSE_S
        why = (str(failure).strip() or type(failure).__name__).splitlines()[0]
        if isinstance(failure, away):
            log.error("away", error=why, retry_in_s=pause_s)
        else:
            log.error("failed", error=f"{type(failure).__name__}: {why}", retry_in_s=pause_s, exc_info=failure)
        process.ill("work", why)
        process.stop.wait(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def _failure_of(process: Process, loop: Callable[[Process], None]) -> Exception | None:
    try:
        loop(process)
    except Exception as error:  # noqa: BLE001 - the outermost loop: whatever it was, the stage goes on
        return error
    return None


@contextlib.contextmanager
def serve_health(health: Health, port: int, host: str = "127.0.0.1") -> Iterator[int]:
    """Serves /health and /metrics while the context lives; gives the port. 0 serves nothing. Raises OSError."""
    if port == 0:
        yield 0
        return
    server = ThreadingHTTPServer((host, port), _handler(health))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health":
                well, body = health.report()
                self._answer(200 if well else 503, "application/json", body)
            elif self.path == "/metrics":
                self._answer(200, prometheus_client.CONTENT_TYPE_LATEST, prometheus_client.generate_latest())
            else:
                self._answer(404, "text/plain", b"/health or /metrics\n")

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are not news."""

    return Handler
