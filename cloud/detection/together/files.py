"""Models on the disk: one file a version, named by number and hash, and one line that says which is used."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from cloud.detection.together.model import Model, digest
from cloud.errors import CloudError, NotFound

FOLDER = "models"
_USED = "used"
_HASH = 12


@dataclass(frozen=True)
class Kept:
    name: str
    """NUMBER-HASH."""
    model: Model


def keep(folder: Path, model: Model) -> str:
    """Writes it as the next version; one that is there already is not written again. Gives its name."""
    home = _home(folder, model.community)
    home.mkdir(parents=True, exist_ok=True)
    mark = digest(model)[:_HASH]
    names = _names(home)
    for name in names:
        if name.endswith(mark):
            return name
    name = f"{1 + max((int(one.partition('-')[0]) for one in names), default=0):04}-{mark}"
    _write(home / f"{name}.json", msgspec.json.encode(model, order="deterministic"))
    return name


def kept(folder: Path, community: str) -> list[Kept]:
    """All versions, oldest first. Raises CloudError for one that was changed or cannot be read."""
    home = _home(folder, community)
    return [Kept(name, _read(home / f"{name}.json")) for name in _names(home)]


def use(folder: Path, community: str, name: str | None) -> None:
    """From now on alerts are ranked by that version; None: by the layers alone. Raises NotFound and CloudError."""
    home = _home(folder, community)
    if name is None:
        (home / _USED).unlink(missing_ok=True)
        return
    if name not in _names(home):
        raise NotFound(f"there is no model {name!r} of {community}; `model list` says which there are")
    model = _read(home / f"{name}.json")
    if not model.fits:
        raise CloudError(f"{name} was trained on other causes than detection has today; train anew")
    if not model.figures.better:
        raise CloudError(
            f"{name} is not better than the layers alone (gain {model.figures.gain:+.3f}, "
            f"{model.figures.gain_low:+.3f} to {model.figures.gain_high:+.3f} on people left out); it is not used"
        )
    _write(home / _USED, name.encode())


def used(folder: Path, community: str) -> Kept | None:
    """The version in use; None: alerts are ranked by the layers alone. A model that no longer fits is not used."""
    home = _home(folder, community)
    try:
        name = (home / _USED).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    if name not in _names(home):
        return None
    model = _read(home / f"{name}.json")
    return Kept(name, model) if model.fits else None


def _home(folder: Path, community: str) -> Path:
    if not community.isalnum():
        raise NotFound(f"there is no community {community!r}")
    return folder / FOLDER / community


def _names(home: Path) -> list[str]:
    return sorted(path.stem for path in home.glob("[0-9]*-*.json"))


@lru_cache(maxsize=64)
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
