"""The demonstration's data folder: held by one, with any name, and with its hour in it."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_sim.demo import timeline
from firmware_sim.demo.houses import houses, write_configurations
from firmware_sim.demo.sole_use import FolderRefused, sole_use

WALL = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_a_second_demonstration_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with sole_use(tmp_path), pytest.raises(FolderRefused, match="another demonstration runs in"), sole_use(tmp_path):
        pass


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_use(tmp_path / "data"):
            assert (tmp_path / "data").is_dir()


def test_a_folder_that_is_a_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with (
        pytest.raises(FolderRefused, match=r"file/data cannot be used: .*; choose another folder"),
        sole_use(file / "data"),
    ):
        pass


def test_any_name_of_the_folder_stands_in_the_configurations(tmp_path: Path) -> None:
    data = tmp_path / '老人 "home" \\ 1'
    house = houses(data)[0]
    write_configurations(house, "00" * 16, 123456, data / "devices.toml", 8090)
    edge = tomllib.loads(house.edge_config.read_text(encoding="utf-8"))
    assert edge["catalogue"] == str(data / "devices.toml")
    assert str(house.serial_port) in {device.get("port") for device in edge["device"]}


def test_a_later_start_goes_on_where_time_was_noted(tmp_path: Path) -> None:
    first = timeline.begin(tmp_path, 120, WALL)
    assert first is not None
    timeline.leave(tmp_path, first, WALL + timedelta(minutes=30))
    second = timeline.begin(tmp_path, 120, WALL + timedelta(hours=1))
    assert second is not None
    assert second.origin == first.simulated(WALL + timedelta(minutes=30))
