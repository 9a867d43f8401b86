"""The configuration of one simulated home (configs/home.toml), read once at start."""

import re
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from firmware_sim.bonding import PASSKEY_MAX
from protocols.configuration import ConfigurationError, decode_configuration

_ADDRESS = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}")
_BIND_KEY = re.compile(r"[0-9a-fA-F]{32}")
_LAST_PIN = 27
_ON_THE_AIR = ("glucometer", "sphygmomanometer", "shower_sensor", "emergency_button", "fall_detector", "water_sensor")


class LifeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    person: str = "6b29b"
    """Whose days are lived: a person of the TIHM excerpt (`doorstep-sim lives` lists them)."""
    seed: int = 1
    """Of everything that is generated."""
    history_days: int = 42
    """How many days before today stand in the meters when they are new; the excerpt has 30 to 41."""
    fasting_mg_dl: float = 126.0
    after_supper_mg_dl: float = 178.0


class MeterConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    address: str
    """Random static Bluetooth address, like `C0:FF:EE:00:01:01`."""
    passkey: int | None = None
    """Six digits that this device shows when it is paired; none: it pairs without."""
    clock_offset_s: float = 0.0
    """How far its clock was set wrong, in seconds; positive is fast."""


class ShowerSensorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    address: str
    model: Literal["bthome-sensor", "ruuvi-tag"] = "bthome-sensor"
    """As the gateway's catalogue calls it. A RuuviTag tells the air alone: it notices nobody's motion."""


class EmergencyButtonConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    address: str
    bind_key: str
    """32 hexadecimal digits; the gateway needs the same."""


class FallDetectorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    address: str
    bind_key: str
    """32 hexadecimal digits; the gateway needs the same."""


class WaterSensorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    address: str


class PullCordConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pin: int
    """Of the gateway, by its Broadcom number, 0 to 27."""


class SerialMeterConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    link: str
    """The path at which the gateway opens the line; a relative one starts at the `state` folder."""
    model: str = "onetouch-ultraeasy"
    serial_number: str = "C182DDCBE"
    clock_offset_s: float = 0.0


class HomeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    time_zone: str = "Asia/Shanghai"
    state: str
    """What devices keep without power (records, counters, bonds); a relative path starts at this file's folder."""
    life: LifeConfig = LifeConfig()
    glucometer: MeterConfig | None = None
    sphygmomanometer: MeterConfig | None = None
    shower_sensor: ShowerSensorConfig | None = None
    emergency_button: EmergencyButtonConfig | None = None
    fall_detector: FallDetectorConfig | None = None
    water_sensor: WaterSensorConfig | None = None
    pull_cord: PullCordConfig | None = None
    serial_glucometer: SerialMeterConfig | None = None
    base: str = ""
    """Set by the reader: the folder that relative paths start at."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def state_folder(self) -> Path:
        return Path(self.base, self.state)


def read_home_config(path: Path) -> HomeConfig:
    """Raises ConfigurationError, one sentence that names file, key and expected form."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    config = decode_configuration(HomeConfig, text, str(path))
    _check(config, str(path))
    return msgspec.structs.replace(config, base=str(path.resolve().parent))


def _check(config: HomeConfig, source: str) -> None:
    if config.base:
        raise ConfigurationError(f"{source}: base: is not a key to set; relative paths start at this file's folder")
    try:
        ZoneInfo(config.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(f"{source}: time_zone: {config.time_zone!r} is no zone like Asia/Shanghai") from error
    radios = {
        key: device.address
        for key in (
            "glucometer",
            "sphygmomanometer",
            "shower_sensor",
            "emergency_button",
            "fall_detector",
            "water_sensor",
        )
        if (device := getattr(config, key)) is not None
    }
    for key, address in radios.items():
        if not _ADDRESS.fullmatch(address):
            raise ConfigurationError(f"{source}: {key}.address: {address!r} is not of the form C0:FF:EE:00:01:01")
        if list(radios.values()).count(address) > 1:
            raise ConfigurationError(f"{source}: {key}.address: {address} is used by two devices; each needs its own")
    for key, meter in (("glucometer", config.glucometer), ("sphygmomanometer", config.sphygmomanometer)):
        if meter is not None and meter.passkey is not None and not 1 <= meter.passkey <= PASSKEY_MAX:
            raise ConfigurationError(f"{source}: {key}.passkey: {meter.passkey} is not between 1 and {PASSKEY_MAX}")
    if config.pull_cord is not None and not 0 <= config.pull_cord.pin <= _LAST_PIN:
        raise ConfigurationError(f"{source}: pull_cord.pin: {config.pull_cord.pin} is not between 0 and {_LAST_PIN}")
    for key, trigger in (("emergency_button", config.emergency_button), ("fall_detector", config.fall_detector)):
        if trigger is not None and not _BIND_KEY.fullmatch(trigger.bind_key):
            raise ConfigurationError(f"{source}: {key}.bind_key: expected 32 hexadecimal digits")
