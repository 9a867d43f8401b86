"""A folder of wheels becomes a release that a centre hands on whole, or not at all."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.errors import NotFound
from cloud.releases.making import ReleaseRefused, make_key, make_release, read_key
from cloud.releases.shelf import Shelf
from protocols.releases.manifest import MANIFEST, decode_manifest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WHEEL = "doorstep-0.2.0-py3-none-any.whl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in (WHEEL, "six-1.16-py2.py3-none-any.whl"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_what_was_made_is_handed_on_whole(folder: Path, tmp_path: Path) -> None:
    public = make_key(tmp_path / "release.key")
    made = make_release(folder, read_key(tmp_path / "release.key"), NOW)
    assert decode_manifest((folder / MANIFEST).read_bytes(), bytes.fromhex(public)) == made
    shelf = Shelf(tmp_path / "data")
    assert shelf.put(folder) == made
    assert shelf.versions() == ["0.2.0"]
    assert shelf.file("0.2.0", WHEEL).read_bytes() == WHEEL.encode()
    with pytest.raises(ReleaseRefused, match="here already"):
        shelf.put(folder)
    for version, name in (("0.2.0", "../x"), ("..", MANIFEST), ("0.3.0", MANIFEST), ("0.2.0", "")):
        with pytest.raises(NotFound):
            shelf.file(version, name)


def test_a_release_that_is_not_whole_is_refused_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "release.key")
    make_release(folder, read_key(tmp_path / "release.key"), NOW)
    (folder / WHEEL).write_bytes(b"another")
    shelf = Shelf(tmp_path / "data")
    with pytest.raises(ReleaseRefused, match="not what was signed"):
        shelf.put(folder)
    assert shelf.versions() == []
    (folder / WHEEL).unlink()
    with pytest.raises(ReleaseRefused, match="expected one wheel of doorstep"):
        make_release(folder, read_key(tmp_path / "release.key"), NOW)


def test_a_key_is_never_replaced_and_never_open_to_others(tmp_path: Path) -> None:
    path = tmp_path / "release.key"
    make_key(path)
    with pytest.raises(ReleaseRefused, match="there already"):
        make_key(path)
    path.chmod(0o644)
    with pytest.raises(ReleaseRefused, match="chmod 600"):
        read_key(path)
