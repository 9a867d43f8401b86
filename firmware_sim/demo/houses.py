"""The three homes of the demonstration, and the configuration files that their processes are given."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIME_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class House:
    """Where one demonstration home keeps its files. Device names and addresses agree with configs/community.toml."""

    number: int
    person: str
    """Whose days of the TIHM excerpt are lived here."""
    measures_glucose: bool
    folder: Path

    @property
    def has_every_trigger(self) -> bool:
        """A fall detector, a sensor on the floor and a pull cord beside the button."""
        return self.number == 1

    @property
    def name(self) -> str:
        return f"home-{self.number}"

    @property
    def gateway(self) -> str:
        return f"gw-home-{self.number}"

    @property
    def home_config(self) -> Path:
        return self.folder / "home.toml"

    @property
    def edge_config(self) -> Path:
        return self.folder / "edge.toml"

    @property
    def run_file(self) -> Path:
        return self.folder / "home.run.json"

    @property
    def feedback(self) -> Path:
        return self.folder / "gateway" / "feedback.jsonl"

    @property
    def serial_port(self) -> Path:
        return self.folder / "state" / "glucometer-port"

    def address(self, device: int) -> str:
        return f"C0:FF:EE:00:{self.number:02X}:{device:02X}"


def houses(data: Path) -> tuple[House, ...]:
    people = (("6b29b", True), ("46286", False), ("28710", False))
    return tuple(
        House(number, person, glucose, data / f"home-{number}")
        for number, (person, glucose) in enumerate(people, start=1)
    )


def toml_text(path: Path) -> str:
    """`path` as a TOML string, whatever characters it has."""
    return json.dumps(str(path), ensure_ascii=False)


def write_configurations(
    house: House,
    bind_key: str,
    passkey: int,
    catalogue: Path,
    health_port: int,
    *,
    enrolled: Mapping[str, Any] | None = None,
) -> None:
    """Writes what the simulated home and its gateway read at start, in a private folder: keys lie in it.

    `enrolled`: what an enrolment wrote into the file that is written anew here.
    """
    house.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    house.home_config.write_text(_home_toml(house, bind_key, passkey), encoding="utf-8")
    centre = "" if enrolled is None else _centre(str(enrolled["broker"]), str(enrolled["receipt_key"]))
    edge = _edge_toml(house, bind_key, passkey, catalogue, f"{centre}\n[health]\nport = {health_port}\n")
    house.edge_config.write_text(edge, encoding="utf-8")


def _centre(broker: str, receipt_key: str) -> str:
    return f"""
[broker]
url = "{broker}"

[receipts]
public_key = "{receipt_key}"
"""


def _home_toml(house: House, bind_key: str, passkey: int) -> str:
    glucose = f"""
[glucometer]
address = "{house.address(1)}"
passkey = {passkey}
clock_offset_s = -95

[serial_glucometer]
link = "glucometer-port"
clock_offset_s = 210
"""
    triggers = f"""
[fall_detector]
address = "{house.address(7)}"
bind_key = "{bind_key}"

[water_sensor]
address = "{house.address(6)}"

[pull_cord]
pin = 17
"""
    return f"""\
name = "{house.name}"
time_zone = "{TIME_ZONE}"
state = "state"

[life]
person = "{house.person}"
seed = {house.number}

[sphygmomanometer]
address = "{house.address(2)}"
clock_offset_s = {140 - 90 * house.number}

[shower_sensor]
address = "{house.address(3)}"

[emergency_button]
address = "{house.address(4)}"
bind_key = "{bind_key}"
{glucose if house.measures_glucose else ""}{triggers if house.has_every_trigger else ""}"""


def _edge_toml(house: House, bind_key: str, passkey: int, catalogue: Path, own: str) -> str:
    """`own`: tables of this one gateway."""
    glucose = f"""
[[device]]
name = "ble:{house.address(1)}"
kind = "glucometer"
model = "bluetooth-glucose"
address = "{house.address(1)}"
passkey = {passkey}

[[device]]
name = "serial:onetouch-ultraeasy-{house.number}"
kind = "glucometer"
model = "onetouch-ultraeasy"
port = {toml_text(house.serial_port)}
poll_interval_s = 5
"""
    triggers = f"""
[[device]]
name = "ble:{house.address(7)}"
kind = "fall_sensor"
model = "bthome-fall"
address = "{house.address(7)}"
bind_key = "{bind_key}"

[[device]]
name = "ble:{house.address(6)}"
kind = "water_sensor"
model = "bthome-sensor"
address = "{house.address(6)}"

[[device]]
name = "gpio:17"
kind = "pull_cord"
model = "gpio-contact"
port = "gpio:17"
"""
    return f"""\
gateway = "{house.gateway}"
time_zone = "{TIME_ZONE}"
data = "gateway"
catalogue = {toml_text(catalogue)}
{own}
[bluetooth]
rest_s = 2
silence_s = 1

[[device]]
name = "ble:{house.address(2)}"
kind = "sphygmomanometer"
model = "bluetooth-blood-pressure"
address = "{house.address(2)}"

[[device]]
name = "ble:{house.address(3)}"
kind = "shower_sensor"
model = "bthome-sensor"
address = "{house.address(3)}"

[[device]]
name = "ble:{house.address(4)}"
kind = "emergency_button"
model = "bthome-button"
address = "{house.address(4)}"
bind_key = "{bind_key}"
{glucose if house.measures_glucose else ""}{triggers if house.has_every_trigger else ""}"""
