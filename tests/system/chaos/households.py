"""The homes, gateways and the centre of a run, as configuration files and time lines."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from protocols.simulated_time import TimeScale
from tests.system.chaos.plan import BACKLOG, FAR, GATEWAYS, HOMES, LEAPING, ORDINARY, Plan

ROOT = Path(__file__).parents[3]
PASSWORD = "only-for-this-run"
_KEY = "231d39c1d7cc1ab1aee224cd096db932"
_PASSKEY = 294016
_START_S = 12.0
"""From making the time lines to the first fault, about: then the clocks are changed in the middle."""
_AFTERWARDS_S = 400.0
BATHROOM_SENSOR = "ble:C0:FF:EE:00:04:03"
"""What fills the outbox of the gateway whose backlog is deep."""
DAYLIGHT_SAVING_ENDS = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
"""In Berlin, at 03:00, which becomes 02:00."""


@dataclass(frozen=True)
class Household:
    """One gateway, with its home where it has one."""

    gateway: str
    folder: Path
    scale: TimeScale | None

    @property
    def number(self) -> int:
        return GATEWAYS.index(self.gateway) + 1

    @property
    def home_code(self) -> str:
        return f"home-{self.number}"

    @property
    def serial_meter(self) -> str:
        return f"serial:onetouch-ultraeasy-{self.number}"

    @property
    def bluetooth_meter(self) -> str | None:
        return f"ble:{self.address(1)}" if self.gateway == ORDINARY else None

    @property
    def time_zone(self) -> str:
        return "Europe/Berlin" if self.gateway == LEAPING else "Asia/Shanghai"

    @property
    def home_config(self) -> Path:
        return self.folder / "home.toml"

    @property
    def home_run(self) -> Path:
        return self.folder / "home.run.json"

    @property
    def edge_config(self) -> Path:
        return self.folder / "edge.toml"

    @property
    def data(self) -> Path:
        """The gateway's own files."""
        return self.folder / "gateway"

    def address(self, device: int) -> str:
        return f"C0:FF:EE:00:{self.number:02X}:{device:02X}"

    def device_of(self, meter: str) -> str:
        """The gateway's name of what the simulated home calls `glucometer` or `serial_glucometer`."""
        return self.serial_meter if meter == "serial_glucometer" else f"ble:{self.address(1)}"


def create_households(folder: Path, plan: Plan, now: datetime) -> dict[str, Household]:
    """By gateway; every file is written."""
    found = {gateway: Household(gateway, folder / gateway, _scale(gateway, plan, now)) for gateway in GATEWAYS}
    for household in found.values():
        household.folder.mkdir()
        household.data.mkdir()
        household.edge_config.write_text(_edge_toml(household), encoding="utf-8")
        if household.gateway in HOMES:
            household.home_config.write_text(_home_toml(household), encoding="utf-8")
    return found


def _scale(gateway: str, plan: Plan, now: datetime) -> TimeScale | None:
    begins = now + timedelta(seconds=_START_S)
    if gateway == LEAPING:
        return TimeScale(DAYLIGHT_SAVING_ENDS - timedelta(seconds=plan.length_s / 2), begins, 1.0)
    if gateway == FAR:
        span = timedelta(seconds=(plan.length_s + _AFTERWARDS_S) * plan.outage_speed)
        return TimeScale(now - span, now, plan.outage_speed)
    return None


def _home_toml(household: Household) -> str:
    bluetooth = f'[glucometer]\naddress = "{household.address(1)}"\npasskey = {_PASSKEY}\nclock_offset_s = -95\n'
    return f"""\
name = "{household.home_code}"
time_zone = "{household.time_zone}"
state = "state"

[life]
history_days = 0

[serial_glucometer]
link = "port"
clock_offset_s = 37

[emergency_button]
address = "{household.address(4)}"
bind_key = "{_KEY}"

{bluetooth if household.bluetooth_meter else ""}"""


def _edge_toml(household: Household) -> str:
    text = f"""\
gateway = "{household.gateway}"
time_zone = "{household.time_zone}"
data = "gateway"
catalogue = "{ROOT / "configs" / "devices.toml"}"

[uplink]
resend_s = 2.0
status_s = 10.0
"""
    if household.gateway == BACKLOG:  # it is to be at work all the time, not through in a few seconds
        text += "batch_readings = 20\nwindow_messages = 2\n"
    else:
        text += _devices_toml(household)
    return text


def _devices_toml(household: Household) -> str:
    bluetooth = f"""
[[device]]
name = "{household.bluetooth_meter}"
kind = "glucometer"
model = "bluetooth-glucose"
address = "{household.address(1)}"
passkey = {_PASSKEY}
"""
    return f"""
[bluetooth]
rest_s = 2
connect_s = 10
session_s = 30

[[device]]
name = "{household.serial_meter}"
kind = "glucometer"
model = "onetouch-ultraeasy"
port = "{household.folder / "state" / "port"}"
poll_interval_s = 2

[[device]]
name = "ble:{household.address(4)}"
kind = "emergency_button"
model = "bthome-button"
address = "{household.address(4)}"
bind_key = "{_KEY}"
{bluetooth if household.bluetooth_meter else ""}"""


def write_centre(folder: Path, households: dict[str, Household], web_port: int) -> tuple[Path, Path]:
    """Configuration and community of the centre, whose data lie in `folder`/centre."""
    config, community = folder / "cloud.toml", folder / "community.toml"
    limits = ROOT / "configs" / "limits.toml"
    config.write_text(
        f'data = "{folder / "centre"}"\n[web]\nport = {web_port}\n[alarms]\npoll_s = 1.0\ntake_within_s = 3600.0\n'
        f'[detection]\nlimits = "{limits}"\npoll_s = 1.0\n[visits]\npoll_s = 1.0\n',
        encoding="utf-8",
    )
    parts = [
        '[[region]]\ncode = "990000"\nname = "Chaos"\nlevel = "province"\n',
        f'[[staff]]\nlogin = "desk"\nname = "Desk"\nrole = "desk"\nregion = "990000"\npassword = "{PASSWORD}"\n',
        *(_home_and_gateway(household) for household in households.values()),
    ]
    community.write_text("\n".join(parts), encoding="utf-8")
    return config, community


def _home_and_gateway(household: Household) -> str:
    elder = f"elder-{household.number}"
    devices = [(BATHROOM_SENSOR, "shower_sensor")]
    if household.gateway != BACKLOG:
        devices = [(household.serial_meter, "glucometer"), (f"ble:{household.address(4)}", "emergency_button")]
        devices.append((BATHROOM_SENSOR, "shower_sensor"))
    if household.bluetooth_meter is not None:
        devices.append((household.bluetooth_meter, "glucometer"))
    text = f"""\
[[home]]
code = "{household.home_code}"
region = "990000"
address = "Street {household.number}"
time_zone = "{household.time_zone}"

[[elder]]
code = "{elder}"
home = "{household.home_code}"
name = "Elder {household.number}"

[[gateway]]
name = "{household.gateway}"
home = "{household.home_code}"
"""
    for name, kind in devices:
        text += f'\n[[gateway.device]]\nname = "{name}"\nkind = "{kind}"\nwearer = "{elder}"\n'
    return text
