"""Models on the disk by community, and the one that ranks its alerts."""

from pathlib import Path

from cloud.detection.together.model import Model, digest
from cloud.errors import CloudError, NotFound
from cloud.model_files import Kept, ModelFiles

FOLDER = "models"
_FILES = ModelFiles(Model, digest, remembered=64)


def keep(folder: Path, model: Model) -> str:
    """Writes it as the next version; one that is there already is not written again. Gives its name."""
    return _FILES.keep(_home(folder, model.community), model)


def kept(folder: Path, community: str) -> list[Kept[Model]]:
    """All versions, oldest first. Raises CloudError for one that was changed or cannot be read."""
    return _FILES.kept(_home(folder, community))


def use(folder: Path, community: str, name: str | None) -> None:
    """From now on alerts are ranked by that version; None: by the layers alone. Raises NotFound and CloudError."""
    home = _home(folder, community)
    if name is None:
        _FILES.use(home, None)
        return
    if name not in _FILES.names(home):
        raise NotFound(f"there is no model {name!r} of {community}; `model list` says which there are")
    model = _FILES.read(home, name)
    if not model.fits:
        raise CloudError(f"{name} was trained on other causes than detection has today; train anew")
    if not model.figures.better:
        raise CloudError(
            f"{name} is not better than the layers alone (gain {model.figures.gain:+.3f}, "
            f"{model.figures.gain_low:+.3f} to {model.figures.gain_high:+.3f} on people left out); it is not used"
        )
    _FILES.use(home, name)


def used(folder: Path, community: str) -> Kept[Model] | None:
    """The version in use; None: alerts are ranked by the layers alone. A model that no longer fits is not used."""
    found = _FILES.used(_home(folder, community))
    return found if found is not None and found.model.fits else None


def _home(folder: Path, community: str) -> Path:
    if not community.isalnum():
        raise NotFound(f"there is no community {community!r}")
    return folder / FOLDER / community
