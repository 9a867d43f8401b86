"""The gateway's one configuration (configs/edge.toml), read once at start."""

import contextlib
import os
import re
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from edge.addresses import need_address, parse_gpio, port_path
from edge.alarm.sms.config import SmsSettings, sms_settings
from edge.alarm_section import Alarm
from edge.broker_section import Broker
from edge.catalogue import DRIVERS_WITH_A_KEY, GPIO_CONTACT, SERIAL_CONTACT, Catalogue, Model, Transport, load_catalogue
from edge.device_key import find_device_key
from edge.device_keys import refuse_unused
from edge.device_section import DeviceSection
from edge.outbox_bound import OutboxBound
from edge.power.rules import PowerRules
from edge.remote.kept import read_kept
from edge.remote.laid_over import laid_over
from edge.remote.section import Remote
from edge.section import AtLeastOne, NotNegative, Port, Positive, Section
from edge.updates.section import Updates
from protocols.configuration import ConfigurationError, convert_configuration, parse_tables
from protocols.device_kind import DeviceKind
from protocols.remote.wanted import Wanted
from protocols.telemetry import topics

BROKER_VARIABLE = "DOORSTEP_BROKER"
DEFAULT_POLL_INTERVAL_S = 60.0
_PUBLIC_KEY = re.compile(r"[0-9A-Fa-f]{64}")

CALLING_KINDS = frozenset(
    {
        DeviceKind.EMERGENCY_BUTTON,
        DeviceKind.PULL_CORD,
        DeviceKind.FALL_SENSOR,
        DeviceKind.WATER_SENSOR,
        DeviceKind.SHOWER_SENSOR,
    }
)
"""A shower sensor's home calls where a stay grows too long."""


class Outbox(Section, frozen=True):
    keep_days: Positive = 30.0
    """Values of sensors that waited longer are given up; measurements are not."""
    keep_mb: Annotated[float, msgspec.Meta(ge=8)] = 512.0
    """Above so many million bytes of file: the oldest values of sensors are given up, measurements last."""

    kept_days: NotNegative = 7.0
    """What has its receipt is kept so long, for a centre that goes back to an older copy; it goes first of all."""

    @property
    def bound(self) -> OutboxBound:
        return OutboxBound(keep_days=self.keep_days, keep_bytes=int(self.keep_mb * 1_000_000), kept_days=self.kept_days)


class Receipts(Section, frozen=True):
    public_key: str = ""
    """The centre's, 64 hexadecimal digits, as `doorstep-cloud receipt-key` prints it; empty: the first that signs."""

    @property
    def pinned(self) -> bytes | None:
        if not self.public_key:
            return None
        if not _PUBLIC_KEY.fullmatch(self.public_key):
            raise ConfigurationError("receipts.public_key: expected 64 hexadecimal digits (doorstep-cloud receipt-key)")
        return bytes.fromhex(self.public_key)


class Uplink(Section, frozen=True):
    batch_readings: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    """A message goes when it holds this many readings ..."""
    linger_ms: NotNegative = 200
    """... or when its oldest has waited this long."""
    window_messages: AtLeastOne = 40
    """So many messages may be without a receipt at once."""
    resend_s: Positive = 10.0
    """Without a receipt for this long a message goes again; the wait doubles up to 5 minutes while nothing comes."""
    status_s: Positive = 30.0


class Bluetooth(Section, frozen=True):
    adapter: str = ""
    """For example `hci1`; empty for the system's first."""
    rest_s: NotNegative = 30.0
    """A meter that goes on advertising after it was read is left alone for so long."""
    silence_s: Positive = 5.0
    """A pressure meter that has sent nothing for so long has sent all."""
    connect_s: Positive = 30.0
    """A meter that lets nobody in for so long is tried again when it is heard next."""
    session_s: Positive = 120.0
    """A session that takes longer is given up; the next one goes on where it stopped."""


class PowerSection(Section, frozen=True):
    ups_port: str = ""
    """An UPSPack's serial line: a path, or `usb:VENDOR:PRODUCT`; empty: none."""
    mains_pin: str = ""
    """`gpio:6`: a pin that is high while the mains are lost (Geekworm X728); empty: none."""
    lost_s: NotNegative = 5.0
    """The mains are lost when they were away for so long."""
    battery_low_percent: Annotated[float, msgspec.Meta(ge=0, le=90)] = 20.0

    @property
    def rules(self) -> PowerRules:
        return PowerRules(lost_s=self.lost_s, battery_low_percent=self.battery_low_percent)


class Health(Section, frozen=True):
    host: str = "127.0.0.1"
    port: Port = 0
    """0: no /health and no /metrics."""


class EdgeFile(Section, frozen=True):
    gateway: str
    time_zone: str = "Asia/Shanghai"
    data: str = "/var/lib/doorstep-edge"
    catalogue: str = "devices.toml"
    """The catalogue of models; a relative path starts at this file's folder."""
    broker: Broker = Broker()
    outbox: Outbox = Outbox()
    receipts: Receipts = Receipts()
    uplink: Uplink = Uplink()
    bluetooth: Bluetooth = Bluetooth()
    alarm: Alarm = Alarm()
    power: PowerSection = PowerSection()
    health: Health = Health()
    remote: Remote = Remote()
    updates: Updates = Updates()
    device: tuple[DeviceSection, ...] = ()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device of this home, with what the catalogue knows of its model and with its key found."""

    name: str
    kind: DeviceKind
    model: Model
    address: str
    port: str
    poll_interval_s: float
    passkey: int | None
    pair: bool
    heard_within_s: float
    canary: bool = False
    set_clock: bool = False
    erase_after_read: bool = False
    bind_key: bytes | None = None

    def __repr__(self) -> str:
        return f"Device({self.name})"  # never the key


class EdgeConfig(msgspec.Struct, frozen=True, kw_only=True):
    gateway: str
    zone: ZoneInfo
    data: Path
    broker: Broker
    outbox: Outbox = Outbox()
    receipts: Receipts = Receipts()
    uplink: Uplink
    bluetooth: Bluetooth
    alarm: Alarm
    power: PowerSection = PowerSection()
    health: Health
    remote: Remote = Remote()
    updates: Updates = Updates()
    remote_version: int = 0
    """Of the centre's configuration that is in force; 0: the file alone."""
    devices: tuple[Device, ...]
    sms: SmsSettings | None = None
    """None where no modem is configured."""

    @property
    def outbox_path(self) -> Path:
        return self.data / "outbox.db"

    @property
    def centre_key_path(self) -> Path:
        """Where the centre's public key lies that was the first to sign a receipt."""
        return self.data / "centre.key"

    @property
    def identity_path(self) -> Path:
        """The folder of this gateway's key and certificate."""
        return self.data / self.broker.identity

    @property
    def journal_path(self) -> Path:
        return self.data / "alarm.db"

    @property
    def sms_path(self) -> Path:
        return self.data / "sms.db"

    @property
    def feedback_path(self) -> Path:
        return self.data / self.alarm.feedback

    @property
    def calls(self) -> bool:
        """Whether anything in this home can call for help."""
        return any(device.kind in CALLING_KINDS for device in self.devices)

    def by_driver(self, driver: str) -> tuple[Device, ...]:
        return tuple(device for device in self.devices if device.model.driver == driver)


def load(path: Path) -> EdgeConfig:
    """The configuration at `path`, with what the centre changed and `DOORSTEP_BROKER` laid over it, all keys looked up.

    What the centre changed is left away where it does not fit the file any more. Raises ConfigurationError, one
    sentence that names file, key and expected form.
    """
    tables = _read(path)
    written = _of(tables, path)
    if written.remote.accept:
        for taken in read_kept(written.data).in_force:
            with contextlib.suppress(ConfigurationError):  # EdgeConfig.remote_version says that it is not in force
                found = _of(laid_over(tables, taken.wanted), path)
                return msgspec.structs.replace(found, remote_version=taken.version)
    return written


def load_with(path: Path, wanted: Wanted) -> EdgeConfig:
    """What `load` would give with `wanted` in force. Raises ConfigurationError where they do not fit together."""
    return _of(laid_over(_read(path), wanted), path)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"{path}: cannot be read: {reason}; name a file with --config") from error
    return parse_tables(text, str(path))


def _of(tables: dict[str, Any], path: Path) -> EdgeConfig:
    file = convert_configuration(EdgeFile, tables, str(path))
    try:
        return _checked(file, path.resolve().parent)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _checked(file: EdgeFile, folder: Path) -> EdgeConfig:
    try:
        topics.topic(file.gateway, topics.STATUS)
    except ValueError as error:
        raise ConfigurationError(f"gateway: {error}") from error
    try:
        zone = ZoneInfo(file.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(f"time_zone: expected a zone such as Asia/Shanghai, got {file.time_zone!r}") from error
    broker = msgspec.structs.replace(file.broker, url=os.environ.get(BROKER_VARIABLE, file.broker.url))
    _ = broker.address, file.receipts.pinned, file.updates.key, file.alarm.drilling, file.alarm.asking
    catalogue = load_catalogue(folder / file.catalogue) if file.device else {}
    for key, port in (("lamp", file.alarm.lamp), ("buzzer", file.alarm.buzzer)):
        if port and parse_gpio(port) is None:
            raise ConfigurationError(f"alarm.{key}: expected gpio:0 to gpio:27 (Broadcom numbers), got {port!r}")
    devices = tuple(_device(place, section, catalogue, folder) for place, section in enumerate(file.device))
    _need_unique(devices)
    return EdgeConfig(
        gateway=file.gateway,
        zone=zone,
        data=folder / file.data,
        broker=broker,
        outbox=file.outbox,
        receipts=file.receipts,
        uplink=file.uplink,
        bluetooth=file.bluetooth,
        alarm=file.alarm,
        power=_power(file.power, folder),
        health=file.health,
        remote=file.remote,
        updates=file.updates,
        devices=devices,
        sms=sms_settings(file.alarm.sms, folder),
    )


def _power(section: PowerSection, folder: Path) -> PowerSection:
    if section.ups_port and section.mains_pin:
        raise ConfigurationError("power: expected ups_port or mains_pin, not both: two would contradict each other")
    if section.mains_pin and parse_gpio(section.mains_pin) is None:
        raise ConfigurationError(f"power.mains_pin: expected gpio:0 to gpio:27, got {section.mains_pin!r}")
    if parse_gpio(section.ups_port) is not None:
        raise ConfigurationError(f"power.ups_port: expected a serial port, got {section.ups_port!r}; see mains_pin")
    return msgspec.structs.replace(section, ups_port=port_path("power.ups_port", section.ups_port, folder))


def _device(place: int, section: DeviceSection, catalogue: Catalogue, folder: Path) -> Device:
    where = f"device[{place}]"
    if not section.name or len(section.name) > 128 or not section.name.isprintable():
        raise ConfigurationError(f"{where}.name: expected 1 to 128 printable characters, got {section.name!r}")
    model = catalogue.get(section.model)
    if model is None:
        known = ", ".join(sorted(catalogue)) or "none"
        raise ConfigurationError(f"{where}.model: {section.model!r} is not in the catalogue, which knows {known}")
    if section.kind not in model.kinds:
        kinds = " or ".join(model.kinds)
        raise ConfigurationError(f"{where}.kind: a {section.model} is a {kinds}, not a {section.kind}")
    refuse_unused(where, section.given, section.model, model)
    address = section.address.upper()
    if model.transport is Transport.BLUETOOTH:
        address = need_address(f"{where}.address", section.address)
    if model.transport is Transport.SERIAL and not section.port:
        raise ConfigurationError(f"{where}.port: expected usb:VENDOR:PRODUCT or a path such as /dev/ttyUSB0")
    if model.driver == GPIO_CONTACT and parse_gpio(section.port) is None:
        raise ConfigurationError(f"{where}.port: expected gpio:0 to gpio:27 (Broadcom numbers), got {section.port!r}")
    if model.driver == SERIAL_CONTACT and not section.port:
        raise ConfigurationError(f"{where}.port: expected usb:VENDOR:PRODUCT or a path such as /dev/ttyUSB0")
    if section.canary and not section.heard_within_s:
        raise ConfigurationError(f"{where}.canary: expected heard_within_s above 0 beside it")
    key = find_device_key(where, section.bind_key, section.bind_key_env, section.bind_key_file, folder)
    if section.kind in (DeviceKind.EMERGENCY_BUTTON, DeviceKind.FALL_SENSOR) and key is None:
        what = "an emergency button" if section.kind is DeviceKind.EMERGENCY_BUTTON else "a fall sensor"
        raise ConfigurationError(
            f"{where}.bind_key: {what} needs its key (bind_key, bind_key_env or bind_key_file): "
            "without one anybody near the house could press it"
        )
    if key is None and model.driver in DRIVERS_WITH_A_KEY:
        raise ConfigurationError(
            f"{where}.bind_key: a {section.model} is unlocked by a key of this gateway's own "
            "(bind_key, bind_key_env or bind_key_file): any 32 hexadecimal digits that nobody else knows"
        )
    return Device(
        name=section.name,
        kind=section.kind,
        model=model,
        address=address,
        port=port_path(f"{where}.port", section.port, folder),
        poll_interval_s=section.poll_interval_s or DEFAULT_POLL_INTERVAL_S,
        passkey=section.passkey,
        pair=section.pair is not False,
        set_clock=bool(section.set_clock),
        erase_after_read=bool(section.erase_after_read),
        heard_within_s=section.heard_within_s,
        canary=bool(section.canary),
        bind_key=key,
    )


def _need_unique(devices: tuple[Device, ...]) -> None:
    for key in ("name", "address", "port"):
        seen: dict[str, int] = {}
        for place, device in enumerate(devices):
            value: str = getattr(device, key)
            if value and value in seen:
                raise ConfigurationError(f"device[{place}].{key}: {value!r} is device[{seen[value]}]'s already")
            seen[value] = place
