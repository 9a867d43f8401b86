"""`doorstep-edge replace`: what a home's gateway knows, taken out of one machine and put into the next.

Configuration, devices' keys, bonds, buttons' counters and what waits in the outbox move. The identity does not: the
new machine enrols with a code of its own, which ends the certificate of the old one.
"""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from edge.catalogue import Transport
from edge.config import EdgeConfig, load
from edge.errors import Permanent
from edge.identity.folder import IdentityFolder
from edge.install.kept_readings import FILE_NAME as PAIRED
from edge.install.parcel import need_parcel, seal, unseal
from edge.outbox import outbox_figures
from edge.sources.ble_link import PROFILE_OF_DRIVER
from edge.sqlite_file import hold_alone
from edge.whole_file import hand_over, write_whole

BLUETOOTH = Path("/var/lib/bluetooth")
_CONFIG, _BESIDE, _DATA, _BONDS = "edge.toml", "beside", "data", "bluetooth"
_DATABASES = ("outbox.db", "alarm.db", "sms.db")
_FILES = ("centre.key", PAIRED)


@dataclass(frozen=True)
class Moved:
    gateway: str
    devices: int
    waiting: int
    """Readings in the outbox that the centre has not receipted."""
    bonds: tuple[str, ...]
    """Devices whose bonds moved."""
    to_pair: tuple[str, ...]
    """Devices that have to be put into pairing mode once: this machine's adapter is another one to them."""


def check_export(config_path: Path, out: Path) -> None:
    """Raises what `export` would for reasons that are known before there is a passphrase."""
    with _stopped(load(config_path)):
        if not out.parent.is_dir():
            raise Permanent(f"there is no folder {out.parent}: is the stick plugged in and mounted?")
        if out.is_dir():
            raise Permanent(f"{out} is a folder; name a file in it, such as {out / 'home.doorstep'}")
        if not os.access(out.parent, os.W_OK):
            raise Permanent(f"{out.parent} cannot be written; are you root?")


def check_import(config_path: Path, parcel: Path) -> None:
    """Raises what `take_in` would for reasons that are known before there is a passphrase."""
    need_parcel(_read(parcel))
    own = load(config_path)
    IdentityFolder(own.identity_path).read()
    with _stopped(own):
        pass


def export(config_path: Path, out: Path, passphrase: str, bluetooth: Path = BLUETOOTH) -> Moved:
    """Writes the parcel to `out`, for its owner only. The gateway has to be stopped.

    Raises Permanent with a sentence, ConfigurationError and OSError.
    """
    config = load(config_path)
    with _stopped(config):
        files = {_CONFIG: config_path.read_bytes()}
        for name in _named_files(config_path):
            with contextlib.suppress(FileNotFoundError):
                files[f"{_BESIDE}/{name}"] = (config_path.parent / name).read_bytes()
        for name in _DATABASES:
            if (config.data / name).exists():
                files[f"{_DATA}/{name}"] = _copy_of(config.data / name)
        for name in _FILES:
            with contextlib.suppress(FileNotFoundError):
                files[f"{_DATA}/{name}"] = (config.data / name).read_bytes()
        bonds = {f"{_BONDS}/{name}": data for name, data in _bonds(config, bluetooth).items()}
        write_whole(out, seal({**files, **bonds}, passphrase))
        return Moved(config.gateway, len(config.devices), _waiting(config), _bonded(bonds), ())


def take_in(config_path: Path, parcel: Path, passphrase: str, bluetooth: Path = BLUETOOTH) -> Moved:
    """Puts a parcel into this machine, which is enrolled already and has measured nothing yet.

    A second time it does the same. Raises Permanent with a sentence, ConfigurationError and OSError.
    """
    files = unseal(_read(parcel), passphrase)
    own = load(config_path)
    identity = IdentityFolder(own.identity_path).read()
    old = tomlkit.parse(files[_CONFIG].decode())
    if old.get("gateway") != identity.gateway:
        raise Permanent(
            f"the file is that of {old.get('gateway')}, and this machine is enrolled as {identity.gateway}: have the "
            f"centre draw a code (`doorstep-cloud claim {old.get('gateway')}`) and enrol with it first"
        )
    with _stopped(own):
        _need_unused(own, files)
        for name, data in files.items():
            room, _, rest = name.partition("/")
            if room == _BESIDE:
                (config_path.parent / rest).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_whole(config_path.parent / rest, data)
            elif room == _DATA and rest in (*_DATABASES, *_FILES):
                _drop_companions(own.data / rest)
                write_whole(own.data / rest, data)
        moved = _put_bonds(files, bluetooth)
        settings = tomlkit.parse(config_path.read_text(encoding="utf-8"))
        for key in ("data", "catalogue", "broker", "receipts"):  # this machine's own, and what the enrolment said
            if key in settings:
                old[key] = settings[key]
        write_whole(config_path, tomlkit.dumps(old).encode())
    config = load(config_path)
    for folder in (config_path.resolve().parent, config.data):
        hand_over(folder)
    paired = [device.address for device in config.devices if device.model.driver in PROFILE_OF_DRIVER]
    to_pair = tuple(address for address in paired if address not in moved)
    return Moved(config.gateway, len(config.devices), _waiting(config), moved, to_pair)


def _read(parcel: Path) -> bytes:
    try:
        return parcel.read_bytes()
    except FileNotFoundError:
        raise Permanent(f"there is no file {parcel}; `replace export` at the old gateway makes it") from None
    except IsADirectoryError:
        raise Permanent(f"{parcel} is a folder; name the file that `replace export` wrote") from None


@contextlib.contextmanager
def _stopped(config: EdgeConfig) -> Iterator[None]:
    try:
        lock = hold_alone(config.data / "gateway.lock")
    except Permanent as error:
        raise Permanent("the gateway runs: sudo systemctl stop doorstep-edge, then try again") from error
    with lock:
        yield


def _named_files(config_path: Path) -> list[str]:
    """Key files that the configuration names beside itself."""
    found = tomlkit.parse(config_path.read_text(encoding="utf-8")).unwrap()
    names = [device.get("bind_key_file", "") for device in found.get("device", [])]
    sms = found.get("alarm", {}).get("sms", {})
    names += [sms.get("key_file", "sms.key"), sms.get("pin_file", "")]
    return [name for name in names if name and not Path(name).is_absolute() and ".." not in Path(name).parts]


def _copy_of(path: Path) -> bytes:
    """One whole file of a database, with what stands in its log."""
    with tempfile.TemporaryDirectory(prefix="doorstep-replace-") as folder:
        copy = Path(folder) / path.name
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return copy.read_bytes()


def _drop_companions(path: Path) -> None:
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)


def _need_unused(config: EdgeConfig, files: dict[str, bytes]) -> None:
    """What this machine has measured itself must not be overwritten; its copy of the parcel may."""
    if not config.outbox_path.exists():
        return
    own = outbox_figures(config.outbox_path)
    with tempfile.TemporaryDirectory(prefix="doorstep-replace-") as folder:
        old = Path(folder) / "outbox.db"
        old.write_bytes(files.get(f"{_DATA}/outbox.db", b""))
        same = bool(old.stat().st_size) and outbox_figures(old).epoch == own.epoch
    if own.taken and not same:
        raise Permanent(
            f"this machine has taken {own.taken} readings already; empty its data folder but for the identity, "
            "or go on without the old one's file"
        )


def _bonds(config: EdgeConfig, bluetooth: Path) -> dict[str, bytes]:
    """`ADAPTER/DEVICE/info` of bluetoothd, for the devices of the home."""
    addresses = {device.address for device in config.devices if device.model.transport is Transport.BLUETOOTH}
    found = {}
    for path in sorted(bluetooth.glob("*/*/info")):
        if path.parent.name.upper() in addresses:
            found[path.relative_to(bluetooth).as_posix()] = path.read_bytes()
    return found


def _put_bonds(files: dict[str, bytes], bluetooth: Path) -> tuple[str, ...]:
    """Bonds hold between two addresses: those of an adapter that is in this machine now are put in."""
    there = {path.name.upper() for path in bluetooth.iterdir() if path.is_dir()} if bluetooth.is_dir() else set()
    moved = []
    for name, data in files.items():
        room, _, rest = name.partition("/")
        if room != _BONDS or rest.partition("/")[0].upper() not in there:
            continue
        (bluetooth / rest).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(bluetooth / rest, data)
        moved.append(name)
    return _bonded(moved)


def _bonded(names: "list[str] | dict[str, bytes]") -> tuple[str, ...]:
    return tuple(name.split("/")[2].upper() for name in names)


def _waiting(config: EdgeConfig) -> int:
    return outbox_figures(config.outbox_path).backlog.rows if config.outbox_path.exists() else 0
