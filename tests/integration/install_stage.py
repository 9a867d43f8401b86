"""A centre with TLS and a simulated home, and an installer who types into a real terminal."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pexpect

from cloud.alarms.worker import work as alarms
from cloud.config import Broker
from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.readings.worker import work as ingest
from cloud.registry.model import Elder
from cloud.registry.store import upsert_elder
from firmware_sim.control import HomeControl
from tests.edge.conftest import KEY
from tests.integration.stage import running
from tests.integration.trust_centre import TrustCentre

GLUCOMETER, CUFF, SENSOR, BUTTON = (f"C0:FF:EE:00:0C:0{device}" for device in range(1, 5))
PASSKEY = 294016
PATIENCE_S = 90.0
HOME = f"""\
name = "home-1"
time_zone = "Asia/Shanghai"
state = "state"
[life]
history_days = 3
[glucometer]
address = "{GLUCOMETER}"
passkey = {PASSKEY}
[sphygmomanometer]
address = "{CUFF}"
[shower_sensor]
address = "{SENSOR}"
[emergency_button]
address = "{BUTTON}"
bind_key = "{KEY}"
"""


class Installation:
    """`run` is the installer's terminal; `start_gateway` is what systemd does."""

    def __init__(self, centre: TrustCentre, folder: Path) -> None:
        self.centre = centre
        self.folder = folder
        self.config, self.data = folder / "edge.toml", folder / "data"
        self._gateway: subprocess.Popen[bytes] | None = None
        self.environment = dict(os.environ)
        self.control: HomeControl

    @contextmanager
    def home(self) -> Iterator[None]:
        """The simulated home, with nobody living in it but by command."""
        (self.folder / "home.toml").write_text(HOME, encoding="utf-8")
        run_file = self.folder / "run.json"
        process = self._start(
            "firmware_sim.cli", "home", "--home", self.folder / "home.toml", "--run-file", run_file, "--no-live"
        )
        try:
            until(run_file.exists, "the home does not come up")
            run: dict[str, Any] = json.loads(run_file.read_text(encoding="utf-8"))
            self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = run["bus_address"]
            with HomeControl(run["control_socket"]) as self.control:
                yield
        finally:
            self.stop_gateway()
            for log in self.folder.glob("edge*.log"):
                print(log.read_text(encoding="utf-8")[-4000:])
            process.terminate()
            process.wait(PATIENCE_S)

    def _start(self, module: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        program = f"import sys; from {module} import main; sys.exit(main())"
        with (self.folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", program, *arguments], env=self.environment, stdout=log, stderr=log
            )

    def start_gateway(self) -> None:
        self.stop_gateway()
        self._gateway = self._start("edge.cli", "run", "--config", self.config)

    def stop_gateway(self) -> None:
        if self._gateway is not None:
            self._gateway.terminate()
            self._gateway.wait(PATIENCE_S)
            self._gateway = None

    def type(self, *words: str | Path) -> "pexpect.spawn[str]":
        """The command in a terminal of its own."""
        arguments = ["-m", "edge", words[0], "--config", self.config, *words[1:]]
        return pexpect.spawn(
            sys.executable,
            [str(word) for word in arguments],
            env={**self.environment, "TERM": "dumb", "COLUMNS": "160"},
            encoding="utf-8",
            timeout=PATIENCE_S,
            echo=False,
        )

    def run(self, *words: str | Path) -> tuple[int, str]:
        """Exit code and all that was said."""
        terminal = self.type(*words)
        said = terminal.read()
        terminal.close()
        return ended(terminal), said

    def set_health_port(self) -> None:
        """Several gateways run on one machine while tests do."""
        text = self.config.read_text(encoding="utf-8").replace("port = 8081", f"port = {free_port(0)}")
        self.config.write_text(text + QUICK, encoding="utf-8")


QUICK = """
[uplink]
linger_ms = 50
resend_s = 1.0
status_s = 1.0
[bluetooth]
rest_s = 1.0
silence_s = 1.0
"""


@contextmanager
def installation(database: str, folder: Path) -> Iterator[Installation]:
    """All of the centre that a home needs, and the home."""
    with ExitStack() as stack:
        centre = TrustCentre(database, folder / "centre")
        with centre.connection() as connection:
            upsert_elder(connection, Elder(code="elder-home-1", home="home-1", name="Mrs Li"))
        broker = stack.enter_context(LocalBroker(folder / "broker", 0, centre.listener()))
        config = msgspec.structs.replace(centre.config, broker=Broker(url=broker.url))
        for name, work in (("ingest", ingest), ("alarms", alarms)):
            stack.enter_context(running(work, config, name)).wait_until("broker")
        stack.enter_context(centre.enrolment())
        here = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="install-")
        )  # not tmp_path: a socket's name is short
        made = Installation(centre, Path(here))
        stack.enter_context(made.home())
        yield made


def ended(terminal: "pexpect.spawn[str]") -> int:
    return -signal.SIGKILL if terminal.signalstatus else int(terminal.exitstatus or 0)


def until(holds: Any, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
