"""edge.toml changed by a command keeps what people wrote, and never becomes one that does not load."""

from pathlib import Path

import pytest

from edge.config import load
from edge.install.settings_file import SettingsFile
from protocols.configuration import ConfigurationError
from tests.edge.conftest import CATALOGUE

WRITTEN = f"""\
# the home at the ferry
gateway = "gw-old"   # as the registry has it
data = "data"
catalogue = "{CATALOGUE}"

[alarm]
voice = ["zh"]       # she hears well
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


def test_what_people_wrote_stays(file: Path, tmp_path: Path) -> None:
    settings = SettingsFile(file, tmp_path / "unused")
    settings.set("", "gateway", "gw-new")
    settings.set("", "time_zone", "Asia/Shanghai")
    settings.set("broker", "url", "mqtts://centre.example:8883")
    cuff = {"name": "a", "kind": "sphygmomanometer", "model": "bluetooth-blood-pressure"}
    settings.put_device({**cuff, "address": "C0:FF:EE:00:00:02"})
    settings.put_device({**cuff, "address": "C0:FF:EE:00:00:03"})
    settings.save()
    text = file.read_text(encoding="utf-8")
    for kept in ("# the home at the ferry", "# as the registry has it", 'voice = ["zh"]       # she hears well'):
        assert kept in text
    loaded = load(file)
    assert (loaded.gateway, loaded.broker.address) == ("gw-new", ("centre.example", 8883))
    assert [device.address for device in loaded.devices] == ["C0:FF:EE:00:00:03"], "of one name there is one"
    assert loaded.data == file.parent / "data"


def test_a_change_that_does_not_load_is_not_kept(file: Path, tmp_path: Path) -> None:
    settings = SettingsFile(file, tmp_path)
    settings.put_device({"name": "a", "kind": "glucometer", "model": "no-such-model"})
    with pytest.raises(ConfigurationError, match=r"edge\.toml: device\[0\]\.model: 'no-such-model'"):
        settings.save()
    assert file.read_text(encoding="utf-8") == WRITTEN
    assert list(tmp_path.iterdir()) == [file]


def test_a_missing_file_is_made_and_loads(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "etc" / "edge.toml", tmp_path / "data")
    settings.set("", "gateway", "gw-home-1")
    settings.save()
    loaded = load(tmp_path / "etc" / "edge.toml")
    assert (loaded.data, loaded.health.port) == (tmp_path / "data", 8081)
    assert (tmp_path / "etc" / "edge.toml").stat().st_mode & 0o777 == 0o600
