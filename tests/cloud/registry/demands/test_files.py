from pathlib import Path

import msgspec
import pytest

from cloud.errors import CloudError, NotFound
from cloud.registry.demands import files
from cloud.registry.demands.model import Model


def test_a_version_is_kept_once_and_used(tmp_path: Path, model: Model) -> None:
    assert files.used(tmp_path) is None
    name = files.keep(tmp_path, model)
    assert files.keep(tmp_path, model) == name
    assert [one.name for one in files.kept(tmp_path)] == [name]
    files.use(tmp_path, name)
    used = files.used(tmp_path)
    assert used is not None
    assert used.name == name


def test_a_weak_model_is_not_used(tmp_path: Path, model: Model) -> None:
    weak = msgspec.structs.replace(model, figures=msgspec.structs.replace(model.figures, macro_f1=0.84))
    name = files.keep(tmp_path, weak)
    with pytest.raises(CloudError, match="too weak"):
        files.use(tmp_path, name)


def test_an_unknown_name_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        files.use(tmp_path, "../0001-000000000000")


def test_a_changed_file_is_refused(tmp_path: Path, model: Model) -> None:
    path = tmp_path / files.FOLDER / f"{files.keep(tmp_path, model)}.json"
    path.write_bytes(path.read_bytes().replace(b'"sharpness":', b'"sharpness":1', 1))
    with pytest.raises(CloudError, match="not what its name says"):
        files.kept(tmp_path)
