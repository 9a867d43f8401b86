"""`doorstep-edge pair`: choose, try, ask for whom and where, write down, tell the centre."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.table import Table
from serial.tools import list_ports

from edge.addresses import need_address
from edge.catalogue import BTHOME_BUTTON, BTHOME_FALL, DRIVERS_WITH_A_KEY, find_catalogue, load_catalogue
from edge.clock import Clock
from edge.command_line import console
from edge.config import EdgeConfig
from edge.device_key import find_device_key
from edge.errors import EdgeError, Permanent
from edge.identity.errors import NoIdentity
from edge.identity.folder import IdentityFolder
from edge.install.centre import Centre
from edge.install.pairing import Pairing, Tried
from edge.install.settings_file import SettingsFile
from edge.install.state import Placed, StateFile
from edge.readout.scan import OnAir, scan
from edge.whole_file import hand_over, write_whole
from protocols.configuration import ConfigurationError
from protocols.device_kind import DeviceKind
from protocols.enrolment.reports import Placement

HEAR_S = 60.0
_KEY = re.compile(r"[0-9a-fA-F]{32}")
_KEYED = frozenset({BTHOME_BUTTON, BTHOME_FALL, *DRIVERS_WITH_A_KEY})
_OF_A_PERSON = frozenset({DeviceKind.GLUCOMETER, DeviceKind.SPHYGMOMANOMETER})
_PLUG_S = 60.0


@dataclass(frozen=True)
class Wanted:
    """What the options say; what they leave out is asked for, where somebody sits at a terminal."""

    seconds: float
    address: str = ""
    port: str = ""
    model: str = ""
    kind: str = ""
    passkey: int | None = None
    key_file: Path | None = None
    where: str | None = None
    whom: str | None = None
    slot: int | None = None


@dataclass(frozen=True)
class Paired:
    name: str
    kind: str
    model: str
    sentence: str
    where: str
    whom: str
    told: bool
    """The centre knows of it."""


class Dialogue:
    def __init__(self, config_path: Path, config: EdgeConfig, clock: Clock, wanted: Wanted, *, asks: bool) -> None:
        """`asks`: a person answers at the terminal."""
        self._path = config_path
        self._config = config
        self._wanted = wanted
        self._asks = asks
        catalogue = load_catalogue(find_catalogue(config_path.parent))
        self._pairing = Pairing(config.data, catalogue, config.zone, clock, config.bluetooth.adapter)

    def run(self) -> Paired:
        """One device, from the air or the cable to the configuration. Raises EdgeError, ConfigurationError, OSError."""
        found = self._choose()
        if isinstance(found, OnAir):
            model = self._model(found.models)
            kind = self._kind(model)
            key, key_text = self._key(model)
            tried, passkey = self._over_air(found.address, model, kind, key)
            section: dict[str, str | int | float | bool] = {"address": found.address}
            if passkey is not None:
                section["passkey"] = passkey
            if key_text:
                section["bind_key_file"] = self._keep_key(found.address, key_text)
        else:
            taken = frozenset(device.name for device in self._config.devices)
            self._say("reading; a meter that sleeps has to be switched on")
            tried = self._pairing.read_on_cable(found, self._wanted.model, taken, HEAR_S)
            kind, section = self._kind(tried.model), {"port": found}
        self._say(tried.sentence)
        if tried.newest is not None:
            newest = tried.newest
            self._say(
                f"newest: {newest.metric} {newest.value:g} {newest.unit}, {newest.measured_at:%Y-%m-%d %H:%M} UTC"
            )
        placed = self._place(tried, kind)
        return self._write_down(tried, kind, placed, section)

    def _choose(self) -> OnAir | str:
        """A device on the air, or a port."""
        if self._wanted.port:
            return self._wanted.port
        known = {device.address for device in self._config.devices}
        if self._wanted.address:
            address = need_address("--address", self._wanted.address)
            if self._wanted.model:
                return OnAir(address, "", None, "", (self._wanted.model,))
            self._say(f"listening for {self._wanted.seconds:.0f} s; switch the meter on, or press the button")
            on_air = {
                one.address: one for one in asyncio.run(scan(self._wanted.seconds, self._config.bluetooth.adapter))
            }
            if address not in on_air:
                raise Permanent(f"{address} was not heard; name its --model, or switch it on and try again")
            return on_air[address]
        if not self._asks:
            raise ConfigurationError("give --address or --port: nobody is here to choose")
        while True:
            self._say(f"listening for {self._wanted.seconds:.0f} s; switch meters on, press buttons once")
            heard = asyncio.run(scan(self._wanted.seconds, self._config.bluetooth.adapter))
            ours = [one for one in heard if one.kind and one.address not in known]
            console(to_error=True).print(_table(ours), markup=False, highlight=False)
            answer = self._ask("Which one? Its number; a: listen again; c: a meter on a cable")
            if answer == "c":
                return self._plugged_in()
            if answer.isdecimal() and 0 < int(answer) <= len(ours):
                return ours[int(answer) - 1]

    def _plugged_in(self) -> str:
        """The port that appears, or one that somebody types."""
        before = {port.device for port in list_ports.comports()}
        answer = self._ask("Plug its cable in now and press Enter, or type the port")
        if answer:
            return answer
        deadline_s = time.monotonic() + _PLUG_S
        while time.monotonic() < deadline_s:
            for port in list_ports.comports():
                if port.device not in before or len(before) == 1:  # it was plugged in already
                    return f"usb:{port.vid:04x}:{port.pid:04x}" if port.vid and port.pid else str(port.device)
            time.sleep(0.5)
        raise Permanent("no cable was plugged in; `ls /dev/serial/by-id` shows what is there")

    def _model(self, models: tuple[str, ...]) -> str:
        if self._wanted.model:
            models = (self._wanted.model,)
        known = [model for model in models if model in self._pairing.catalogue]
        if not known:
            raise ConfigurationError(
                f"--model: {', '.join(models) or 'it'} is not in the catalogue (doorstep-edge devices)"
            )
        if len(known) == 1 or not self._asks:
            return known[0]
        for number, model in enumerate(known, start=1):
            self._say(f"{number}  {self._pairing.catalogue[model].title}")
        return known[self._ask_number("Which model is printed on it?", len(known))]

    def _kind(self, model: str) -> DeviceKind:
        kinds = self._pairing.catalogue[model].kinds
        if self._wanted.kind:
            if self._wanted.kind not in kinds:
                raise ConfigurationError(f"--kind: a {model} is one of {', '.join(kinds)}")
            return DeviceKind(self._wanted.kind)
        if len(kinds) == 1 or not self._asks:
            return kinds[0]
        for number, kind in enumerate(kinds, start=1):
            self._say(f"{number}  {kind.replace('_', ' ')}")
        return kinds[self._ask_number("What is it for?", len(kinds))]

    def _key(self, model: str) -> tuple[bytes | None, str]:
        """The device's key, and its 32 digits; nothing where its driver has none."""
        if self._wanted.key_file is not None:
            key = find_device_key("--key-file", "", "", str(self._wanted.key_file), Path())
            return key, "" if key is None else key.hex()
        if self._pairing.catalogue[model].driver not in _KEYED:
            return None, ""
        if not self._asks:
            raise ConfigurationError("--key-file: this device speaks under a key of 32 hexadecimal digits")
        while True:
            text = self._ask("Its key: 32 hexadecimal digits (on its box or in its maker's app)")
            if _KEY.fullmatch(text):
                return bytes.fromhex(text), text.lower()
            self._say(f"a key has 32 digits of 0-9 and a-f; here are {len(text)} characters")

    def _over_air(self, address: str, model: str, kind: DeviceKind, key: bytes | None) -> tuple[Tried, int | None]:
        if not self._pairing.is_meter(model):
            self._say("waiting to hear it; press a button once")
            return asyncio.run(self._pairing.hear(address, model, kind, key, HEAR_S)), None
        passkey = self._wanted.passkey
        if passkey is None and self._asks:
            passkey = self._ask_passkey()
        self._say("pairing and reading; a meter that sleeps has to be switched on")
        while True:
            try:
                return asyncio.run(self._pairing.read_over_air(address, model, passkey, key, HEAR_S)), passkey
            except EdgeError as error:
                if not self._asks:
                    raise
                self._say(str(error))
                if self._ask("Try again? y or n") != "y":
                    raise
                passkey = self._ask_passkey()

    def _ask_passkey(self) -> int | None:
        while True:
            text = self._ask("Passkey: the six digits that it shows or that are printed on it; Enter: none")
            if not text:
                return None
            if text.isdecimal() and len(text) == 6:
                return int(text)

    def _keep_key(self, address: str, text: str) -> str:
        """In a file of its own, which nobody else reads; its name, from the configuration's folder on."""
        folder = self._path.resolve().parent / "keys"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{address.replace(':', '')}.key"
        write_whole(folder / name, text.encode() + b"\n")
        return f"keys/{name}"

    def _place(self, tried: Tried, kind: DeviceKind) -> Placed:
        where, whom = self._wanted.where, self._wanted.whom
        if where is None:
            where = self._ask("Where is it? For example: bathroom, beside the bed") if self._asks else ""
        if whom is None:
            whom = self._ask_whom() if self._asks and kind in _OF_A_PERSON else ""
        placed = Placed(where=where, whom=whom, slot=self._wanted.slot)
        StateFile(self._config.data).place(tried.name, placed)
        return placed

    def _ask_whom(self) -> str:
        elders = self._elders()
        for number, elder in enumerate(elders, start=1):
            self._say(f"{number}  {elder}")
        answer = self._ask("Who measures with it? A number, or the elder's code; Enter: several, or not known yet")
        return elders[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(elders) else answer

    def _elders(self) -> tuple[str, ...]:
        with contextlib.suppress(EdgeError, ValueError):  # without the centre the code is typed
            return Centre(IdentityFolder(self._config.identity_path).read()).home().elders
        return ()

    def _write_down(
        self, tried: Tried, kind: DeviceKind, placed: Placed, section: dict[str, str | int | float | bool]
    ) -> Paired:
        settings = SettingsFile(self._path, self._config.data)
        settings.put_device({"name": tried.name, "kind": kind.value, "model": tried.model, **section})
        settings.save()
        told = tell_places(self._config, {tried.name: kind}, self._say)
        for folder in (self._path.resolve().parent, self._config.data):
            hand_over(folder)
        return Paired(tried.name, kind.value, tried.model, tried.sentence, placed.where, placed.whom, told)

    def _ask(self, question: str) -> str:
        return str(typer.prompt(question, default="", show_default=False, err=True)).strip()

    def _ask_number(self, question: str, most: int) -> int:
        """From 0."""
        while True:
            answer = self._ask(question)
            if answer.isdecimal() and 0 < int(answer) <= most:
                return int(answer) - 1

    def _say(self, sentence: str) -> None:
        typer.echo(sentence, err=True)


def tell_places(config: EdgeConfig, kinds: dict[str, DeviceKind], say: Callable[[str], None]) -> bool:
    """Tells the centre where these devices are and whose; what it does not take is told again by `prove`."""
    state = StateFile(config.data)
    untold = {name: placed for name, placed in state.read().placed.items() if name in kinds and not placed.told}
    if not untold:
        return True
    placements = tuple(
        Placement(device=name, kind=kinds[name], where=placed.where, whom=placed.whom, slot=placed.slot)
        for name, placed in untold.items()
    )
    try:
        refused = Centre(IdentityFolder(config.identity_path).read()).place(placements).refused
    except NoIdentity:
        say("the centre is not told: this machine is not enrolled")
        return False
    except EdgeError as error:
        say(f"the centre is not told yet: {error}; `doorstep-edge prove` tells it")
        return False
    for sentence in refused:
        say(f"the centre refuses: {sentence}")
    if not refused:
        for name, placed in untold.items():
            state.place(name, Placed(where=placed.where, whom=placed.whom, slot=placed.slot, told=True))
    return not refused


def _table(ours: list[OnAir]) -> Table:
    table = Table(title="Heard, and not of this home yet", title_justify="left")
    for heading in ("", "Name", "Kind", "dBm", "Address"):
        table.add_column(heading, no_wrap=True)
    for number, one in enumerate(ours, start=1):
        rssi = "" if one.rssi_dbm is None else str(one.rssi_dbm)
        table.add_row(str(number), one.name, one.kind.replace("_", " "), rssi, one.address)
    return table
