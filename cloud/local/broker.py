"""The broker on one machine: Mosquitto as a child, or iotcore from its wheel where Mosquitto is not installed."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from cloud.local.ports import free_port, listens
from cloud.local.tether import tethered

log = structlog.get_logger()

HOST = "127.0.0.1"
_SBIN = "/usr/sbin/mosquitto"  # Debian's place, which is not in a user's PATH
_READY_WITHIN_S = 15.0
_PAUSE_S = 0.02
_TRIES = 10

IOTCORE_LIMITS = (
    "mosquitto is not installed; the in-process broker iotcore serves instead: nothing it holds outlives a restart, "
    "and what is queued for a slow subscriber is bounded (install mosquitto for more than a trial)"
)

# In-flight and queue are raised far above Mosquitto's defaults (20 and 1000), at which two thirds of a burst that the
# broker had acknowledged were dropped. configs/mosquitto.conf explains each line for a broker of one's own.
_MOSQUITTO = """\
per_listener_settings true
listener {port} {host}
allow_anonymous true
{gateways}
persistence true
persistence_location {folder}/
autosave_interval 60
max_inflight_messages 20000
max_queued_messages 200000
max_packet_size 2097152
set_tcp_nodelay true
sys_interval 5
log_type error
log_type warning
log_type notice
{talk}
log_dest file {log}
"""

_QUIET = "connection_messages false"
_WATCHED = "connection_messages true\nlog_type debug"
"""Without these Mosquitto says nothing of what it refuses; `cloud.stages.broker_watch` reads the log and cuts it."""

# The listener above is for the centre's own processes; this one is for gateways, and each is who its certificate says.
_MOSQUITTO_TLS = """\
listener {port} {host}
allow_anonymous false
cafile {authority}
certfile {certificate}
keyfile {key}
crlfile {revoked}
require_certificate true
use_identity_as_username true
tls_version tlsv1.2
acl_file {access}
"""

_RUMQTTD = """\
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 1000
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "doorstep"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 2097152
max_inflight_count = 1000
"""


class BrokerFailed(RuntimeError):
    """The broker could not be started; the message names its log."""


@dataclass(frozen=True)
class GatewayListener:
    """Where gateways come in, by mutual TLS, and the files of the authority that say who may."""

    host: str
    port: int
    authority: Path
    certificate: Path
    key: Path
    revoked: Path
    access: Path

    def text(self) -> str:
        """Its lines in Mosquitto's configuration."""
        return _MOSQUITTO_TLS.format(
            host=self.host,
            port=self.port,
            **{
                name: getattr(self, name).resolve() for name in ("authority", "certificate", "key", "revoked", "access")
            },
        )


class LocalBroker:
    """A running broker; it ends with this process, whatever ends that. `url` is mqtt://HOST:PORT."""

    def __init__(self, folder: Path, wanted_port: int = 1883, gateways: GatewayListener | None = None) -> None:
        """Starts it on the first free port from `wanted_port` (0: any), its store in `folder`. Raises BrokerFailed.

        With `gateways` it serves them on a listener of their own, which needs Mosquitto.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._gateways = gateways
        self._program = find_mosquitto()
        if gateways is not None and self._program is None:
            raise BrokerFailed("gateways with certificates need Mosquitto: install it, or empty trust.names")
        self.kind = "mosquitto" if self._program else "iotcore"
        if self._program is None:
            log.warning("broker_iotcore", limits=IOTCORE_LIMITS)
        for _ in range(_TRIES):  # somebody may take the port between looking and listening
            self.port = free_port(wanted_port, HOST)
            self._process = self._spawn()
            if self._answers():
                break
        else:
            hint = "" if gateways is None else f" (is port {gateways.port} free?)"
            raise BrokerFailed(f"the broker does not start{hint}; see {folder}")
        self.url = f"mqtt://{HOST}:{self.port}"
        self.pid = self._process.pid

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = self._mosquitto_command(self._program) if self._program else self._iotcore_command()
        with (self._folder / "broker.out").open("wb") as output:
            return subprocess.Popen(
                tethered(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, in order
            )

    def _mosquitto_command(self, program: str) -> list[str]:
        gateways, talk = ("", _QUIET) if self._gateways is None else (self._gateways.text(), _WATCHED)
        folder, log_file = self._folder.resolve(), self.log_file.resolve()
        text = _MOSQUITTO.format(port=self.port, host=HOST, folder=folder, log=log_file, gateways=gateways, talk=talk)
        if os.geteuid() == 0:
            text += "user root\n"  # else it drops to a user who cannot write into our folder
        path = self._folder / "mosquitto.conf"
        path.write_text(text, encoding="utf-8")
        return [program, "-c", str(path)]

    @property
    def log_file(self) -> Path:
        """Of Mosquitto; with gateways it tells each message, so somebody has to cut it."""
        return self._folder / "mosquitto.log"

    def _iotcore_command(self) -> list[str]:
        path = self._folder / "rumqttd.toml"
        path.write_text(_RUMQTTD.format(port=self.port, host=HOST), encoding="utf-8")
        serve = "import sys; from iotcore import Broker; Broker(config_path=sys.argv[1]).run_forever()"
        return [sys.executable, "-c", serve, str(path)]

    def _answers(self) -> bool:
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if listens(self._process.pid, self.port):
                return True
            time.sleep(_PAUSE_S)
        self.stop()
        return False

    def running(self) -> bool:
        return self._process.poll() is None

    def ready(self) -> bool:
        """Whether it serves: it did when it was started."""
        return self.running()

    def restart(self) -> None:
        """Starts it again on the same port, with what it kept. Raises BrokerFailed."""
        self.stop()
        self._process = self._spawn()
        if not self._answers():
            raise BrokerFailed(f"the broker does not start again on port {self.port}; see {self._folder}")
        self.pid = self._process.pid

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self, within_s: float = 10.0) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(within_s)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> "LocalBroker":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def find_mosquitto() -> str | None:
    return shutil.which("mosquitto") or (_SBIN if os.access(_SBIN, os.X_OK) else None)
