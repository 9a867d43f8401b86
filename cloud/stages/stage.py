"""One stage as a child process: started, asked for its health, started again when it dies."""

import http.client
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from cloud.local.ports import accepts, free_port, listens
from cloud.local.tether import tethered
from cloud.stages.pause import GrowingPause

log = structlog.get_logger()

PORT_VARIABLE = "DOORSTEP_PORT"
"""Tells a stage on which port to serve, over what its configuration says."""

_REFUSED = 2
"""How a stage ends that cannot use its configuration."""


class StageChild:
    """`doorstep-cloud NAME` as a child that ends with us."""

    def __init__(
        self,
        name: str,
        config: Path,
        environment: Mapping[str, str],
        choose_port: Callable[[], int],
        *,
        secure: bool = False,
    ) -> None:
        """Nothing is started yet. `choose_port` is asked at every start, since somebody may have taken the last.

        `secure`: it serves by HTTPS.
        """
        self._secure = secure
        self.name = name
        self._config = config
        self._environment = environment
        self._choose_port = choose_port
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._pause = GrowingPause()
        self._again_at: float | None = None
        self._refusals = 0
        self.port = 0

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        self.port = self._choose_port()
        command = [sys.executable, "-m", "cloud.cli", self.name, "--config", str(self._config)]
        self._process = subprocess.Popen(
            tethered(command),
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self._environment, PORT_VARIABLE: str(self.port)},
            start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, in order
        )
        self._began, self._again_at = time.monotonic(), None

    def revive(self) -> bool:
        """Starts the stage again when it died, after a pause that grows while it keeps dying. True when started."""
        if self._process is None or (code := self._process.poll()) is None:
            return False
        now = time.monotonic()
        if self._again_at is None:
            self._refusals = self._refusals + 1 if code == _REFUSED else 0
            pause_s = self._pause.after(now - self._began)
            log.error("stage_died", stage=self.name, pid=self.pid, code=code, again_in_s=pause_s)
            self._again_at = now + pause_s
        if now < self._again_at:
            return False
        try:
            self.start()
        except OSError as error:  # no free port, no room for a process: that passes
            pause_s = self._pause.after(0.0)
            log.error("stage_does_not_start", stage=self.name, error=str(error), again_in_s=pause_s)  # noqa: TRY400
            self._again_at = now + pause_s
            return False
        log.info("stage_started_again", stage=self.name, pid=self.pid)
        return True

    @property
    def refuses(self) -> bool:
        """Whether it refused its configuration twice in a row; once may have been a port that somebody else took."""
        return self._refusals > 1

    def runs(self) -> bool:
        """Whether there is a process; whether that is well, its own /health says."""
        return self._process is not None and self._process.poll() is None

    def is_well(self) -> bool:
        """Whether its own /health answers 200."""
        if self._process is None or not listens(self._process.pid, self.port):
            return False
        connection = self._connection()
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        unnamed = ssl.create_default_context()  # its certificate is for other names; that the port is its own, we saw
        unnamed.check_hostname, unnamed.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=2, context=unnamed)

    def move_if_crowded_out(self) -> bool:
        """Starts it again on another port where somebody else took its port before it did. True when moved."""
        process = self._process
        if process is None or process.poll() is not None:
            return False
        if not accepts("127.0.0.1", self.port) or listens(process.pid, self.port):
            return False
        log.warning("port_taken", stage=self.name, port=self.port, what="starting it on another")
        self.stop()
        self.start()
        return True

    def stop(self, within_s: float = 10.0) -> None:
        """Asks it to hand its work back and end; ends it when it does not."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            log.warning("stage_does_not_stop", stage=self.name, pid=process.pid, what="killed")
            process.kill()
            process.wait()


def any_port_or(configured: int) -> Callable[[], int]:
    """The configured port, or a free one where 0 is configured."""
    return lambda: configured or free_port(0)
