"""The stage of the demonstration: one centre, three homes, three gateways, each started by its own command."""

import json
import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from firmware_sim.control import HomeControl
from firmware_sim.demo import timeline
from firmware_sim.demo.abandoned import await_centre, await_stages, end_database
from firmware_sim.demo.children import Child, ChildDied, Household
from firmware_sim.demo.enrolling import HOST, enrol, gateway_ports, told_at_enrolment
from firmware_sim.demo.houses import House, houses, toml_text, write_configurations
from firmware_sim.demo.waiting import wait_for
from firmware_sim.pins_file import PINS_VARIABLE
from protocols.simulated_time import CLOCK_VARIABLE, TimeScale

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
START_S = 60.0
FIRST_WEB_PORT = 8080
WALL_TAKE_WITHIN_S = 60.0


@dataclass(frozen=True)
class Started:
    """One home on the stage, with its gateway."""

    house: House
    home: Child
    gateway: Child
    control: HomeControl
    health_port: int

    def gateway_health(self) -> dict[str, Any]:
        """What the gateway says of itself; raises httpx.HTTPError when it does not answer."""
        answer = httpx.get(f"http://127.0.0.1:{self.health_port}/health", timeout=5, trust_env=False)
        return dict(answer.json())


class Stage:
    """Starts everything, knows where everything is, and stops everything."""

    def __init__(self, data: Path, speed: float, say: Callable[[str], None]) -> None:
        self.data = data
        self._say = say
        self.scale: TimeScale | None = None
        self._speed = speed
        self.household = Household(data / "logs")
        self.homes: list[Started] = []
        self.web = ""
        self.broker = ""
        self.dsn = ""
        self._stages: list[int] = []

    def start(self, *, live: bool) -> None:
        """Raises ChildDied or NeverHappened with the last words of what did not come up."""
        self.data.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.scale = timeline.begin(self.data, self._speed, datetime.now(UTC))
        environment = {} if self.scale is None else {CLOCK_VARIABLE: str(self.scale)}
        self._say("starting the centre: database, broker, ingest, detection, alarms, visits, pages")
        centre = self._start_centre(environment)
        keys = self._keys()
        self.household.begin_wave()
        homes = [
            (house, self._start_home(house, keys[house.name], environment, live=live)) for house in houses(self.data)
        ]
        self._await_centre(centre)
        self._enrol([house for house, _ in homes], environment)
        self._say("starting three homes, each with its gateway")
        self.household.begin_wave()
        for house, (home, health_port) in homes:
            run = self._await_file(home, house.run_file)
            self.homes.append(self._start_gateway(house, home, health_port, run, environment))

    def stop(self) -> None:
        for started in self.homes:
            started.control.close()
        self.household.stop_all()
        await_stages(self._stages)
        end_database(self.data / "centre" / "postgres")
        self.note_time()

    def note_time(self) -> None:
        """Writes down how late it is, for the next start."""
        if self.data.exists():
            timeline.leave(self.data, self.scale, datetime.now(UTC))

    def _start_centre(self, environment: dict[str, str]) -> Child:
        config = self._centre_config
        limits = ROOT / "configs" / "limits.toml"
        config.write_text(
            f"data = {toml_text(self.data / 'centre')}\n\n[web]\nport = {FIRST_WEB_PORT}\n\n"
            f"[detection]\nlimits = {toml_text(limits)}\npoll_s = 1.0\n\n[visits]\npoll_s = 1.0\n\n"
            # what a person at the desk is given stays a minute of their own, however fast the day runs
            f"[alarms]\npoll_s = 1.0\ntake_within_s = {WALL_TAKE_WITHIN_S * self._speed:g}\n\n"
            f'[trust]\nnames = [{toml_text(Path(HOST))}]\nhost = "127.0.0.1"\n'
            + "".join(f"{name} = {port}\n" for name, port in gateway_ports(self.data).items()),
            encoding="utf-8",
        )
        await_centre(self.data / "centre")
        with suppress(FileNotFoundError):
            self._run_file.unlink()
        seed = ROOT / "configs" / "community.toml"
        command: list[str | Path] = [BIN / "doorstep-cloud", "up", "--config", config, "--seed", seed]
        return self.household.start("centre", command, environment)

    @property
    def _centre_config(self) -> Path:
        return self.data / "cloud.toml"

    def _told(self, house: House) -> dict[str, Any] | None:
        authority = self.data / "centre" / "authority" / "authority.pem"
        return told_at_enrolment(house, authority, gateway_ports(self.data)["broker_port"])

    @property
    def _run_file(self) -> Path:
        return self.data / "centre" / "run" / "cloud.json"

    def _await_centre(self, centre: Child) -> None:
        run = self._await_file(centre, self._run_file)
        self.web, self.broker, self.dsn = run["web"], run["broker"], run["dsn"]
        self._stages = list(run["pids"].values())

    def _enrol(self, there: list[House], environment: dict[str, str]) -> None:
        """Those that this centre does not know yet."""
        strangers = [house for house in there if self._told(house) is None]
        if strangers:
            self._say("enrolling the gateways: a code for each, and a certificate for the code")
            enrol(strangers, self._centre_config, environment)

    def _await_file(self, child: Child, path: Path) -> dict[str, Any]:
        """The run file that `child` writes when it is ready."""

        def look() -> dict[str, Any] | None:
            with suppress(FileNotFoundError, json.JSONDecodeError):
                return dict(json.loads(path.read_text(encoding="utf-8")))
            return None

        return wait_for(
            f"{child.name} to be ready (log: {child.log})", look, within_s=START_S, check=self.household.check
        )

    def _start_home(
        self, house: House, keys: dict[str, Any], environment: dict[str, str], *, live: bool
    ) -> tuple[Child, int]:
        health_port = _free_port()
        catalogue, enrolled = ROOT / "configs" / "devices.toml", self._told(house)
        write_configurations(house, keys["bind_key"], keys["passkey"], catalogue, health_port, enrolled=enrolled)
        with suppress(FileNotFoundError):
            house.run_file.unlink()
        command: list[str | Path] = [
            BIN / "doorstep-sim",
            "home",
            "--home",
            house.home_config,
            "--run-file",
            house.run_file,
        ]
        command.append("--live" if live else "--no-live")
        return self.household.start(house.name, command, environment), health_port

    def _start_gateway(
        self, house: House, home: Child, health_port: int, run: dict[str, Any], environment: dict[str, str]
    ) -> Started:
        environment = {**environment, "DBUS_SYSTEM_BUS_ADDRESS": run["bus_address"]}
        if run["pins"] is not None:
            environment |= {"GPIOZERO_PIN_FACTORY": "doorstep-sim", PINS_VARIABLE: run["pins"]}
        command: list[str | Path] = [BIN / "doorstep-edge", "run", "--config", house.edge_config]
        gateway = self.household.start(house.gateway, command, environment)
        return Started(house, home, gateway, HomeControl(Path(run["control_socket"])), health_port)

    def _keys(self) -> dict[str, dict[str, Any]]:
        """Bind keys and passkeys, drawn at the first start and kept, as a real button keeps its key."""
        path = self.data / "keys.json"
        if not path.exists():
            keys = {
                house.name: {"bind_key": secrets.token_hex(16), "passkey": secrets.randbelow(900_000) + 100_000}
                for house in houses(self.data)
            }
            path.touch(mode=0o600)
            path.write_text(json.dumps(keys), encoding="utf-8")
        return dict(json.loads(path.read_text(encoding="utf-8")))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


__all__ = ["ChildDied", "Stage", "Started"]
