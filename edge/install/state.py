"""How far an installation is: what a command that lost power finds again. `install.json` in the data folder."""

from datetime import datetime
from pathlib import Path

import msgspec

from edge.whole_file import write_whole
from protocols.enrolment.reports import Check

FILE_NAME = "install.json"


class Enrolling(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment that was begun, and perhaps ended."""

    locator: str
    """Of the claim: the first characters of its code. The secret is never written down."""
    before: str = ""
    """Serial number (hexadecimal) of the certificate that was there before; empty: none."""


class Placed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the centre is to know of a device beside its name."""

    where: str = ""
    """As people say it: kitchen, beside the bed."""
    whom: str = ""
    """Code of the elder who measures with it; empty: of nobody alone."""
    slot: int | None = None
    """Their number in the device, where it tells users apart."""
    told: bool = False
    """The centre has it."""


class Proving(msgspec.Struct, frozen=True, kw_only=True):
    """A walk through the home that is under way."""

    began_at: datetime
    checks: tuple[Check, ...] = ()
    """Those that are done, passed or given up."""


class InstallState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    enrolling: Enrolling | None = None
    placed: dict[str, Placed] = {}
    """By device."""
    proving: Proving | None = None
    unsent: tuple[str, ...] = ()
    """Files of signed reports that the centre has not taken yet."""


class StateFile:
    """Nothing is opened before a method is called."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE_NAME

    def read(self) -> InstallState:
        """A missing file, or one that is broken, is an installation that begins."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=InstallState)
        except (FileNotFoundError, msgspec.DecodeError):
            return InstallState()

    def change(self, **fields: object) -> InstallState:
        """Replaces these fields, durably. Raises OSError."""
        state = msgspec.structs.replace(self.read(), **fields)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._path, msgspec.json.format(msgspec.json.encode(state)) + b"\n")
        return state

    def place(self, device: str, placed: Placed) -> None:
        self.change(placed={**self.read().placed, device: placed})
