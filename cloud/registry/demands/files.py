"""Models of demands on the disk: one file a version, named by number and hash, and one line that says which is used."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from cloud.errors import CloudError, NotFound
from cloud.registry.demands.model import Model, digest

FOLDER = "demand-models"
LEAST_MACRO_F1, LEAST_CALLS_HEARD = 0.85, 0.9
"""A model below either, on voices it has not learned from, is not used."""
_USED = "used"
_HASH = 12


@dataclass(frozen=True)
class Kept:
    name: str
    """NUMBER-HASH."""
    model: Model


def keep(data: Path, model: Model) -> str:
    """Writes it as the next version; one that is there already is not written again. Gives its name."""
    home = data / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    mark = digest(model)[:_HASH]
    names = _names(home)
    for name in names:
        if name.endswith(mark):
            return name
    name = f"{1 + max((int(one.partition('-')[0]) for one in names), default=0):04}-{mark}"
    _write(home / f"{name}.json", msgspec.json.encode(model, order="deterministic"))
    return name


def kept(data: Path) -> list[Kept]:
    """All versions, oldest first. Raises CloudError for one that was changed or cannot be read."""
    home = data / FOLDER
    return [Kept(name, _read(home / f"{name}.json")) for name in _names(home)]


def use(data: Path, name: str) -> None:
    """From now on free text is sorted by that version. Raises NotFound, and CloudError for one that is too weak."""
    home = data / FOLDER
    if name not in _names(home):
        raise NotFound(f"there is no model {name!r}; `demand list` says which there are")
    figures = _read(home / f"{name}.json").figures
    if figures.macro_f1 < LEAST_MACRO_F1 or figures.calls_heard < LEAST_CALLS_HEARD:
        raise CloudError(
            f"{name} is too weak on voices it has not learned from: macro-F1 {figures.macro_f1:.3f} (at least "
            f"{LEAST_MACRO_F1}), calls heard {figures.calls_heard:.3f} (at least {LEAST_CALLS_HEARD}); it is not used"
        )
    _write(home / _USED, name.encode())


def used(data: Path) -> Kept | None:
    """The version in use; None: people sort every wish."""
    home = data / FOLDER
    try:
        name = (home / _USED).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return Kept(name, _read(home / f"{name}.json")) if name in _names(home) else None


def _names(home: Path) -> list[str]:
    return sorted(path.stem for path in home.glob("[0-9]*-*.json"))


@lru_cache(maxsize=4)
def _read(path: Path) -> Model:
    """A file is never changed: its name holds its hash."""
    try:
        model = msgspec.json.decode(path.read_bytes(), type=Model)
    except (OSError, msgspec.DecodeError) as error:
        raise CloudError(f"{path}: cannot be read as a model: {error}") from error
    if not path.stem.endswith(digest(model)[:_HASH]):
        raise CloudError(f"{path}: is not what its name says; take it away, or train anew")
    return model


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
