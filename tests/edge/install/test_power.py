"""Power is lost at each step of `service install` and `replace`: the second time ends as an undisturbed first one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.outbox import outbox_figures
from tests.edge.install.power import Powered, files_below
from tests.edge.install.test_replacing import ADAPTER, PASSPHRASE, create_machine, create_old

SECRET = {"DOORSTEP_PASSPHRASE": PASSPHRASE}


@pytest.fixture(scope="module")
def powered() -> Iterator[Powered]:
    powered = Powered()
    yield powered
    powered.close()


def test_service_install(powered: Powered, tmp_path: Path) -> None:
    def install(root: Path, cut_at: int = 0) -> tuple[bool, int]:
        words = ("service", "install", "--root", root, "--config", "/etc/doorstep/edge.toml")
        ended = powered.run(*words, below=root, cut_at=cut_at)
        assert ended.was_cut or ended.code == 0, ended.said
        return ended.was_cut, ended.steps

    whole = tmp_path / "whole"
    whole.mkdir()
    _, steps = install(whole)
    assert steps >= 6
    for cut_at in range(1, steps + 1):
        root = tmp_path / f"cut-{cut_at}"
        root.mkdir()
        assert install(root, cut_at)[0]
        install(root)
        assert files_below(root) == files_below(whole)
        for name in files_below(root):
            assert (root / name).read_bytes() == (whole / name).read_bytes()


def test_replace(powered: Powered, tmp_path: Path) -> None:
    old = create_old(tmp_path / "old")
    parcel = old / "home.doorstep"

    def export(cut_at: int = 0) -> bool:
        words = ("replace", "export", parcel, "--config", old / "edge.toml", "--bluetooth", old / "bluetooth")
        ended = powered.run(*words, below=old, cut_at=cut_at, environment=SECRET)
        assert ended.was_cut or ended.code == 0, ended.said
        return ended.was_cut

    cut_at = 1
    while export(cut_at):
        cut_at += 1
    assert cut_at > 1
    assert [name for name in files_below(old) if "home.doorstep" in name] == ["home.doorstep"]

    def take_in(folder: Path, cut_at: int = 0) -> bool:
        words = ("replace", "import", parcel, "--config", folder / "edge.toml", "--bluetooth", folder / "bluetooth")
        ended = powered.run(*words, "--json", below=folder, cut_at=cut_at, environment=SECRET)
        if not ended.was_cut:
            assert ended.code == 0, ended.said
            assert json.loads(ended.said)["waiting"] == 3
        return ended.was_cut

    whole, new = (create_machine(tmp_path / name, "gw-test") for name in ("whole", "new"))
    for folder in (whole, new):
        (folder / "bluetooth" / ADAPTER).mkdir(parents=True)
    take_in(whole)
    cut_at = 1
    while take_in(new, cut_at):  # each goes on where the one before stopped
        cut_at += 1
    assert cut_at > 8
    assert files_below(new) == files_below(whole)
    assert (new / "edge.toml").read_bytes() == (whole / "edge.toml").read_bytes()
    assert outbox_figures(new / "data" / "outbox.db").backlog.rows == 3
