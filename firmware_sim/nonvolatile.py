"""What a device keeps without power: a small state in a file, written whole before anything depends on it.

A home that is started again finds its meters as it left them. Without that a record number or a button's counter
would be used twice, and the gateway would rightly take the second for a repetition.
"""

import os
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


class DamagedState(ValueError):
    """The file is not what this device wrote; the message names it."""


class Nonvolatile(Generic[S]):
    """The state of one device, of the Struct `kind`, in the file `path`; None keeps it for this process only."""

    def __init__(self, path: Path | None, kind: type[S]) -> None:
        self._path = path
        self._kind = kind

    def load(self) -> S | None:
        """What was saved last; None for a device out of its box."""
        if self._path is None or not self._path.exists():
            return None
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=self._kind)
        except msgspec.DecodeError as error:
            raise DamagedState(f"{self._path}: not a device's state ({error}); remove it to begin anew") from error

    def save(self, state: S) -> None:
        if self._path is None:
            return
        draft = self._path.with_name(self._path.name + ".draft")
        draft.write_bytes(msgspec.json.encode(state))
        os.replace(draft, self._path)
