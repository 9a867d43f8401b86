"""Trained models on the disk: one file a version, named by number and hash, and one line that says which is used.

A version is plain numbers as JSON: the same model has the same name, nothing in it can run, and a file that was changed
is refused.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from cloud.errors import CloudError

M = TypeVar("M", bound=msgspec.Struct)
_USED = "used"
_HASH = 12


@dataclass(frozen=True)
class Kept(Generic[M]):
    name: str
    """NUMBER-HASH."""
    model: M


@dataclass(frozen=True)
class ModelFiles(Generic[M]):
    """How models of one kind are kept. `home` is a folder with nothing else in it."""

    model: type[M]
    digest: Callable[[M], str]
    remembered: int = 4
    """So many models that were read stay in memory: a file is never changed, its name holds its hash."""
    _read: dict[Path, M] = field(default_factory=dict, repr=False)

    def keep(self, home: Path, model: M) -> str:
        """Writes it as the next version; one that is there already is not written again. Gives its name."""
        home.mkdir(parents=True, exist_ok=True)
        mark = self.digest(model)[:_HASH]
        names = self.names(home)
        for name in names:
            if name.endswith(mark):
                return name
        name = f"{1 + max((int(one.partition('-')[0]) for one in names), default=0):04}-{mark}"
        _write(home / f"{name}.json", msgspec.json.encode(model, order="deterministic"))
        return name

    def kept(self, home: Path) -> list[Kept[M]]:
        """All versions, oldest first. Raises CloudError for one that was changed or cannot be read."""
        return [Kept(name, self.read(home, name)) for name in self.names(home)]

    def read(self, home: Path, name: str) -> M:
        """Raises CloudError for one that was changed, cannot be read, or is not there."""
        path = home / f"{name}.json"
        if (known := self._read.get(path)) is not None and path.exists():
            return known
        try:
            model = msgspec.json.decode(path.read_bytes(), type=self.model)
        except (OSError, msgspec.DecodeError) as error:
            raise CloudError(f"{path}: cannot be read as a model: {error}") from error
        if not name.endswith(self.digest(model)[:_HASH]):
            raise CloudError(f"{path}: is not what its name says; take it away, or train anew")
        while len(self._read) >= self.remembered:
            self._read.pop(next(iter(self._read)), None)
        self._read[path] = model
        return model

    def use(self, home: Path, name: str | None) -> None:
        """From now on that version is used; None: none is."""
        if name is None:
            (home / _USED).unlink(missing_ok=True)
        else:
            _write(home / _USED, name.encode())

    def used(self, home: Path) -> Kept[M] | None:
        """The version in use; None: none is, or it is there no more. Raises CloudError as `read`."""
        try:
            name = (home / _USED).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        return Kept(name, self.read(home, name)) if name in self.names(home) else None

    def names(self, home: Path) -> list[str]:
        """Of all versions, oldest first."""
        return sorted(path.stem for path in home.glob("[0-9]*-*.json"))


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
