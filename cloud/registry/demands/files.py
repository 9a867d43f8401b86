"""Models of demands on the disk, and the one that sorts free text."""

from pathlib import Path

from cloud.errors import CloudError, NotFound
from cloud.model_files import Kept, ModelFiles
from cloud.registry.demands.model import Model, digest

FOLDER = "demand-models"
LEAST_MACRO_F1, LEAST_CALLS_HEARD = 0.85, 0.9
"""A model below either, on voices it has not learned from, is not used."""
_FILES = ModelFiles(Model, digest)


def keep(data: Path, model: Model) -> str:
    """Writes it as the next version; one that is there already is not written again. Gives its name."""
    return _FILES.keep(data / FOLDER, model)


def kept(data: Path) -> list[Kept[Model]]:
    """All versions, oldest first. Raises CloudError for one that was changed or cannot be read."""
    return _FILES.kept(data / FOLDER)


def use(data: Path, name: str) -> None:
    """From now on free text is sorted by that version. Raises NotFound, and CloudError for one that is too weak."""
    home = data / FOLDER
    if name not in _FILES.names(home):
        raise NotFound(f"there is no model {name!r}; `demand list` says which there are")
    figures = _FILES.read(home, name).figures
    if figures.macro_f1 < LEAST_MACRO_F1 or figures.calls_heard < LEAST_CALLS_HEARD:
        raise CloudError(
            f"{name} is too weak on voices it has not learned from: macro-F1 {figures.macro_f1:.3f} (at least "
            f"{LEAST_MACRO_F1}), calls heard {figures.calls_heard:.3f} (at least {LEAST_CALLS_HEARD}); it is not used"
        )
    _FILES.use(home, name)


def used(data: Path) -> Kept[Model] | None:
    """The version in use; None: people sort every wish."""
    return _FILES.used(data / FOLDER)
