"""configs/home.toml, and what is said to somebody who wrote it wrongly."""

from pathlib import Path

import msgspec
import pytest

from firmware_sim.home_config import HomeConfig, read_home_config
from protocols.configuration import ConfigurationError

EXAMPLE = Path(__file__).parents[2] / "configs" / "home.toml"
MINIMAL = 'name = "home"\nstate = "state"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "home.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_names_every_device_and_key() -> None:
    config = read_home_config(EXAMPLE)
    text = EXAMPLE.read_text(encoding="utf-8")
    for field in msgspec.structs.fields(HomeConfig):
        if field.name == "base":
            continue
        value = getattr(config, field.name)
        assert value is not None, field.name
        for key in msgspec.structs.fields(value) if isinstance(value, msgspec.Struct) else (field,):
            assert key.name in text, f"{key.name} is not in {EXAMPLE.name}"


def test_a_home_needs_no_device(tmp_path: Path) -> None:
    config = read_home_config(write(tmp_path, MINIMAL))
    assert config.glucometer is None
    assert config.state_folder == tmp_path / "state"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "not TOML"),
        ('state = "state"', "top level: Object missing required field `name`"),
        (MINIMAL + 'nam = "x"', "contains unknown field `nam`"),
        (MINIMAL + 'time_zone = "Asia/Nowhere"', "time_zone: 'Asia/Nowhere' is no zone like Asia/Shanghai"),
        (MINIMAL + 'time_zone = "../etc"', "time_zone: '../etc' is no zone"),
        (MINIMAL + 'base = "x"', "base: is not a key to set"),
        (MINIMAL + "[life]\nseed = 1.5", "life.seed: Expected `int`, got `float`"),
        (MINIMAL + '[shower_sensor]\naddress = "C0-FF"', "shower_sensor.address: 'C0-FF' is not of the form"),
        (
            MINIMAL + '[shower_sensor]\naddress = "C0:FF:EE:00:01:03"\nmodel = "barometer"',
            "shower_sensor.model: Invalid enum value 'barometer'",
        ),
        (
            MINIMAL + '[glucometer]\naddress = "C0:FF:EE:00:01:01"\n[shower_sensor]\naddress = "C0:FF:EE:00:01:01"',
            "glucometer.address: C0:FF:EE:00:01:01 is used by two devices",
        ),
        (
            MINIMAL + '[glucometer]\naddress = "C0:FF:EE:00:01:01"\npasskey = 1234567',
            "glucometer.passkey: 1234567 is not between 1 and 999999",
        ),
        (
            MINIMAL + '[emergency_button]\naddress = "C0:FF:EE:00:01:01"\nbind_key = "secret"',
            "emergency_button.bind_key: expected 32 hexadecimal digits",
        ),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as refused:
        read_home_config(path)
    assert str(refused.value).startswith(str(path))
    assert sentence in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read \(No such file or directory\)"):
        read_home_config(tmp_path / "nowhere.toml")
