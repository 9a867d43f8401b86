"""All processes of a run: the centre and a second ingester, three homes, four gateways, each by its own command."""

import contextlib
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from edge.outbox import Outbox, outbox_figures
from firmware_sim.control import HomeControl
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from protocols.simulated_time import CLOCK_VARIABLE, TimeScale
from tests.system.chaos.diary import Diary
from tests.system.chaos.households import BATHROOM_SENSOR, ROOT, Household, create_households, write_centre
from tests.system.chaos.ledger import Ledger
from tests.system.chaos.plan import BACKLOG, HOMES, ORDINARY, Plan
from tests.system.chaos.proxy import Address, Proxy
from tests.system.chaos.service import Service
from tests.system.chaos.small_disk import SmallDisk

START_S = 120.0
_GATEWAY_DISK_MB, _CENTRE_DISK_MB = 32, 700
_BACKLOG_ROWS_A_SECOND = 60
_BACKLOG_LEAST = 6_000
_ABOUT_NOW = timedelta(hours=1)
_LONG_AGO = timedelta(days=20)
_VERY_LONG_AGO = timedelta(days=25)
_DUPLICATE_ROWS = 1_500


class Stage:
    """`start` brings everything up; `look`, called often from the main thread, starts again what died."""

    def __init__(self, folder: Path, plan: Plan, diary: Diary, ledger: Ledger, *, disks: bool, lossy: bool) -> None:
        """`disks`: this process may mount. `lossy`: it may make network namespaces and TUN devices."""
        self.folder = folder
        self.plan = plan
        self.diary = diary
        self.ledger = ledger
        self.disks: dict[str, SmallDisk] = {}
        self.links: dict[str, Proxy] = {}
        self.controls: dict[str, HomeControl] = {}
        self.services: dict[str, Service] = {}
        self.centre_scale: TimeScale | None = None
        self.gateway_scales: dict[str, TimeScale | None] = {}
        self.lossy: subprocess.Popen[str] | None = None
        self.outboxes: dict[str, Path] = {}
        self._cloned: set[int] = set()
        self.households: dict[str, Household] = {}
        self._dsn = ""
        self._broker: Address = ("127.0.0.1", 1)  # nobody listens there
        self._may = (disks, lossy)
        self._logs = folder / "logs"

    # where things are

    @property
    def run(self) -> dict[str, Any] | None:
        """The centre's run file; None while it is not up."""
        with contextlib.suppress(OSError, json.JSONDecodeError):
            return dict(json.loads((self.folder / "centre" / "run" / "cloud.json").read_text(encoding="utf-8")))
        return None

    @property
    def dsn(self) -> str:
        """Where the database is, or was when it last was up."""
        run = self.run
        if run is not None:
            self._dsn = str(run["dsn"])
        return self._dsn

    def broker_address(self) -> Address:
        """For the links, at each connection. Raises OSError while nobody knows."""
        run = self.run
        if run is not None:
            host, _, port = run["broker"].removeprefix("mqtt://").partition(":")
            self._broker = (host, int(port))
        return self._broker

    def child_of_centre(self, program: str) -> psutil.Process | None:
        """The centre's mosquitto or one of its stages."""
        centre = self.services["centre"].pid
        if centre is None:
            return None
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(centre).children():
                words = child.cmdline()
                if words and (program in words or Path(words[0]).name == program):
                    return child
        return None

    def database_pid(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            path = self.folder / "centre" / "postgres" / "postmaster.pid"
            return int(path.read_text(encoding="utf-8").split("\n", 1)[0])
        return None

    # up and down

    def start(self) -> None:
        """Everything, in order. Raises TimeoutError with the last words of what did not come up."""
        self._logs.mkdir()
        self.households = create_households(self.folder, self.plan, datetime.now(UTC))
        self.gateway_scales = {name: household.scale for name, household in self.households.items()}
        self.outboxes = {name: household.data / "outbox.db" for name, household in self.households.items()}
        (self.folder / "centre").mkdir()
        may_mount, may_lose = self._may
        if may_mount:
            self.disks["centre"] = SmallDisk(self.folder / "centre", _CENTRE_DISK_MB, "0755")
            self.disks[ORDINARY] = SmallDisk(self.households[ORDINARY].data, _GATEWAY_DISK_MB, "0700")
        self._fill_backlog()
        config, community = write_centre(self.folder, self.households, _free_port())
        python = [sys.executable, "-m"]
        self._add("centre", lambda: [*python, "cloud.cli", "up", "--config", str(config), "--seed", str(community)])
        self._add("ingest-2", lambda: [*python, "cloud.cli", "ingest", "--config", str(config)])
        self.services["centre"].start()
        for name in HOMES:
            self._start_home(self.households[name])
        self._until("the centre to be up", lambda: self.run is not None, "centre")
        self.services["ingest-2"].start()
        host = self._start_lossy_line() if may_lose else "127.0.0.1"
        for name in self.households:
            self.links[name] = Proxy(self.broker_address, host if name == ORDINARY else "127.0.0.1")
            if name in HOMES:
                self._until(f"{name}'s home to be up", self.households[name].home_run.exists, f"home {name}")
                run = json.loads(self.households[name].home_run.read_text(encoding="utf-8"))
                self.controls[name] = HomeControl(run["control_socket"])
                self._add_gateway(name, {"DBUS_SYSTEM_BUS_ADDRESS": run["bus_address"]})
            else:
                self._add_gateway(name, {})
            self.services[name].start()

    def look(self) -> None:
        """Starts again what died."""
        for service in self.services.values():
            if service.look():
                self.diary.note(f"{service.name} is started again")

    def stop(self) -> list[str]:
        """Ends everything; sentences of what did not end well."""
        complaints = []
        for control in self.controls.values():
            control.close()
        last = {"centre", *(f"home {name}" for name in HOMES)}
        for wave in (set(self.services) - last, last):
            services = [self.services[name] for name in sorted(wave) if name in self.services]
            for service in services:
                service.ask_to_stop()
            for service in services:
                if service.starts and service.stop() != 0:
                    complaints.append(f"{service.name} did not end with 0:\n{service.last_words()}")
        self._end_database()
        for link in self.links.values():
            link.close()
        if self.lossy is not None and self.lossy.stdin is not None:
            self.lossy.stdin.close()
            self.lossy.wait(10)
        for disk in self.disks.values():
            disk.close()
        return complaints

    def start_duplicate(self, name: str, number: int) -> Service:
        """A second gateway of the same name with an outbox of its own, as somebody sets up who copies a card."""
        folder = self.folder / f"duplicate-{number}"
        (folder / "gateway").mkdir(parents=True)
        return self._start_second(name, folder, f"duplicate {number}", _LONG_AGO + number * timedelta(hours=1))

    def start_clone(self, name: str, number: int) -> Service:
        """A second gateway from a copy of the card of one that runs: the same outbox, epoch and name at the broker.
        What it measures, the other has not. Raises sqlite3.Error where the card cannot be read now."""
        folder, card = self.folder / f"clone-{number}", self.households[name].data
        (folder / "gateway").mkdir(parents=True)
        copies = [sqlite3.connect(path / "outbox.db", timeout=5.0) for path in (card, folder / "gateway")]
        try:
            copies[0].backup(copies[1])
        finally:
            for copy in copies:
                copy.close()
        self._cloned.add(outbox_figures(folder / "gateway" / "outbox.db").epoch)
        for file in ("client.id", "centre.key"):
            if (card / file).exists():
                shutil.copy(card / file, folder / "gateway" / file)
        return self._start_second(name, folder, f"clone {number}", _VERY_LONG_AGO + number * timedelta(hours=1))

    def left_epochs(self) -> set[int]:
        """Of cards that were cloned, and that neither the one gateway nor the other uses any longer."""
        return self._cloned - {outbox_figures(path).epoch for path in self.outboxes.values()}

    def _start_second(self, name: str, folder: Path, called: str, ago: timedelta) -> Service:
        newest = datetime.now(UTC).replace(microsecond=0) - ago
        readings = fill_outbox(folder / "gateway" / "outbox.db", _DUPLICATE_ROWS, newest)
        self.ledger.sensor_told(name, BATHROOM_SENSOR, readings)
        path = folder / "edge.toml"
        path.write_text(f'gateway = "{name}"\ndata = "gateway"\n[uplink]\nresend_s = 2.0\n', encoding="utf-8")
        command = [sys.executable, "-m", "edge", "run", "--config", str(path)]
        log = self._logs / f"{folder.name}.log"
        service = Service(called, lambda: command, log, lambda: {"DOORSTEP_BROKER": self.links[name].url})
        service.start()
        self.services[service.name] = service
        self.outboxes[service.name] = folder / "gateway" / "outbox.db"
        return service

    def _add(
        self, name: str, command: Callable[[], list[str]], environment: Callable[[], dict[str, str]] | None = None
    ) -> None:
        def usual() -> dict[str, str]:
            return {} if self.centre_scale is None else {CLOCK_VARIABLE: str(self.centre_scale)}

        log = self._logs / f"{name.replace(' ', '-')}.log"
        self.services[name] = Service(name, command, log, environment or usual)

    def _add_gateway(self, name: str, environment: dict[str, str]) -> None:
        household = self.households[name]
        command = [sys.executable, "-m", "edge", "run", "--config", str(household.edge_config)]
        if name == ORDINARY and self.lossy is not None:
            command = ["nsenter", f"--net=/proc/{self.lossy.pid}/ns/net", "--", *command]

        def surroundings() -> dict[str, str]:
            return {**environment, "DOORSTEP_BROKER": self.links[name].url, **_clock(self.gateway_scales[name])}

        self._add(name, lambda: command, surroundings)

    def _start_home(self, household: Household) -> None:
        words = ["home", "--home", str(household.home_config), "--run-file", str(household.home_run), "--no-live"]
        command = [sys.executable, "-c", "from firmware_sim.cli import main; main()", *words]
        name = f"home {household.gateway}"
        self._add(name, lambda: command, lambda: _clock(household.scale))
        self.services[name].start()

    def _start_lossy_line(self) -> str:
        """The address at which the machine is reached from behind the line."""
        host, peer = "10.77.0.1", "10.77.0.2"  # the network is our own
        self.lossy = subprocess.Popen(
            [sys.executable, "-m", "tests.system.chaos.lossy_line", "lossy", host, peer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        assert self.lossy.stdout is not None
        if self.lossy.stdout.readline().strip() != "ready":
            raise TimeoutError("the lossy line did not come up; its words stand above")
        return host

    def lose_packets(self, loss: float, reordered: float, late_s: float) -> None:
        assert self.lossy is not None
        assert self.lossy.stdin is not None
        self.lossy.stdin.write(f"{loss} {reordered} {late_s}\n")
        self.lossy.stdin.flush()

    def _fill_backlog(self) -> None:
        """A gateway that was without a link for days: its outbox is full before it starts."""
        count = max(_BACKLOG_LEAST, int(_BACKLOG_ROWS_A_SECOND * self.plan.length_s))
        newest = datetime.now(UTC).replace(microsecond=0) - _ABOUT_NOW
        readings = fill_outbox(self.households[BACKLOG].data / "outbox.db", count, newest)
        self.ledger.sensor_told(BACKLOG, BATHROOM_SENSOR, readings)

    def _end_database(self) -> None:
        """Where its centre was killed and had no time to take it over again."""
        pid = self.database_pid()
        with contextlib.suppress(psutil.Error):
            if pid is not None and str(self.folder) in " ".join(psutil.Process(pid).cmdline()):
                psutil.Process(pid).terminate()
                psutil.Process(pid).wait(20)

    def _until(self, what: str, look: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + START_S
        while not look():
            if time.monotonic() > deadline or self.services[name].pid is None:
                raise TimeoutError(f"waited for {what}; {name} says:\n{self.services[name].last_words()}")
            time.sleep(0.05)


def fill_outbox(path: Path, count: int, newest: datetime) -> list[Reading]:
    """Puts `count` values of a sensor, one a second up to `newest`, into the outbox at `path`; returns them."""
    readings = []
    for place in range(count):
        at = newest - timedelta(seconds=count - place)
        readings.append(
            Reading(
                device=BATHROOM_SENSOR,
                metric=Metric.HUMIDITY,
                value=30.0 + place % 50,
                unit=CANONICAL_UNIT[Metric.HUMIDITY],
                measured_at=at,
                received_at=at,
            )
        )
    outbox = Outbox(path)
    try:
        outbox.put(readings)
    finally:
        outbox.close()
    return readings


def _clock(scale: TimeScale | None) -> dict[str, str]:
    return {} if scale is None else {CLOCK_VARIABLE: str(scale)}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
