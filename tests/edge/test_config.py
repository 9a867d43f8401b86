"""A configuration is right, or refused in one sentence that names file, key and expected form."""

import os
from pathlib import Path

import msgspec
import pytest

from edge.catalogue import load_catalogue
from edge.config import load
from edge.device_keys import keys_used_by
from edge.device_section import DeviceSection
from protocols.configuration import ConfigurationError
from tests.edge.conftest import CATALOGUE, CONFIG, KEY

CONFIGS = Path(__file__).parents[2] / "configs"
BUTTON_KEY = f'bind_key = "{KEY}"'


def test_example_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("edge.toml", "devices.toml"):
        (tmp_path / name).write_bytes((CONFIGS / name).read_bytes())
    key = tmp_path / "button.key"
    key.write_text(KEY)
    key.chmod(0o600)
    monkeypatch.setenv("DOORSTEP_BROKER", "mqtt://broker.example:8883")
    config = load(tmp_path / "edge.toml")
    assert config.broker.address == ("broker.example", 8883)
    assert {device.kind.value for device in config.devices} == {
        "glucometer",
        "sphygmomanometer",
        "shower_sensor",
        "emergency_button",
        "pull_cord",
        "water_sensor",
    }
    (button,) = config.by_driver("bthome-button")
    assert button.bind_key == bytes.fromhex(KEY)


def test_every_key_of_the_example_is_documented() -> None:
    text = (CONFIGS.parent / "docs" / "gateway.md").read_text(encoding="utf-8")
    for line in (CONFIGS / "edge.toml").read_text(encoding="utf-8").splitlines():
        key, equals, _ = line.partition(" = ")
        if equals and not line.startswith("#"):
            assert f"`{key}`" in text, f"docs/gateway.md says nothing of {key}"


def test_key_is_taken_from_the_environment(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_file.write_text(CONFIG.replace(BUTTON_KEY, 'bind_key_env = "BUTTON_KEY"'))
    monkeypatch.setenv("BUTTON_KEY", KEY)
    device = load(config_file).devices[0]
    assert device.bind_key == bytes.fromhex(KEY)
    assert device.address == "C0:FF:EE:00:00:04"


@pytest.mark.parametrize(
    ("wrong", "right", "names"),
    [
        ('gateway = "GW 1"', 'gateway = "gw-test"', ["gateway", "[a-z0-9]"]),
        ('time_zone = "Mars/Base"', 'time_zone = "Asia/Shanghai"', ["time_zone", "Asia/Shanghai"]),
        ("colour = 1", 'data = "data"', ["colour"]),
        ("data = 5", 'data = "data"', ["data", "str"]),
        ('catalogue = "none.toml"', f'catalogue = "{CATALOGUE}"', ["catalogue", "none.toml"]),
        ('kind = "glucometer"', 'kind = "emergency_button"', ["device[0].kind", "emergency_button"]),
        ('kind = "toaster"', 'kind = "emergency_button"', ["device", "kind", "toaster"]),
        ('model = "unheard-of"', 'model = "bthome-button"', ["device[0].model", "onetouch-ultraeasy"]),
        ('address = "C0:FF"', 'address = "c0:ff:ee:00:00:04"', ["device[0].address", "AA:BB:CC:DD:EE:FF"]),
        ("", BUTTON_KEY, ["device[0].bind_key", "needs its key"]),
        ('bind_key = "abc"', BUTTON_KEY, ["device[0].bind_key", "32 hexadecimal digits"]),
        ('bind_key_env = "NOT_SET"', BUTTON_KEY, ["device[0].bind_key_env", "NOT_SET"]),
        ('bind_key_file = "gone.key"', BUTTON_KEY, ["device[0].bind_key_file", "gone.key"]),
        (f'{BUTTON_KEY}\nbind_key_env = "X"', BUTTON_KEY, ["device[0]", "not both"]),
        ('name = ""', 'name = "ble:C0:FF:EE:00:00:04"', ["device[0].name", "1 to 128"]),
        ('data = "data"\n[broker]\nurl = "http://x"', 'data = "data"', ["broker.url", "mqtt://HOST:PORT"]),
        ('data = "data"\n[uplink]\nbatch_readings = 0', 'data = "data"', ["uplink.batch_readings", ">= 1"]),
        ('data = "data"\n[health]\nport = 70000', 'data = "data"', ["health.port", "65535"]),
        ("gateway = ", 'gateway = "gw-test"', ["not TOML"]),
    ],
)
def test_wrong_configuration_is_one_sentence(config_file: Path, wrong: str, right: str, names: list[str]) -> None:
    assert right in CONFIG
    text = CONFIG.replace(right, wrong)
    if wrong.startswith('data = "data"\n['):  # tables come after the plain keys
        text = CONFIG.replace("\n[[device]]", wrong.removeprefix('data = "data"') + "\n\n[[device]]")
    config_file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load(config_file)
    sentence = str(refused.value)
    assert str(config_file.parent) in sentence
    assert "\n" not in sentence
    assert KEY not in sentence
    for name in names:
        assert name in sentence


@pytest.mark.parametrize(
    ("model", "kind", "place", "key"),
    [
        ("ruuvi-tag", "shower_sensor", "address", f'bind_key = "{KEY}"'),
        ("ruuvi-tag", "shower_sensor", "address", 'bind_key_env = "TAG_KEY"'),
        ("ruuvi-tag", "shower_sensor", "address", "passkey = 123456"),
        ("ruuvi-tag", "shower_sensor", "address", "pair = false"),
        ("bthome-sensor", "shower_sensor", "address", "set_clock = true"),
        ("bluetooth-glucose", "glucometer", "address", f'bind_key = "{KEY}"'),
        ("bluetooth-glucose", "glucometer", "address", "poll_interval_s = 60"),
        ("bluetooth-glucose", "glucometer", "address", 'port = "usb:067b:2303"'),
        ("bluetooth-blood-pressure", "sphygmomanometer", "address", "erase_after_read = true"),
        ("omron-hem-7142t2", "sphygmomanometer", "address", 'bind_key_file = "omron.key"'),
        ("omron-hem-7142t2", "sphygmomanometer", "address", "set_clock = false"),
        ("taidoc-td42xx-ble", "glucometer", "address", "set_clock = true"),
        ("contour", "glucometer", "port", "set_clock = true"),
        ("contour", "glucometer", "port", "erase_after_read = true"),
        ("contour", "glucometer", "port", "passkey = 1"),
        ("contour", "glucometer", "port", 'address = "C0:FF:EE:00:00:01"'),
        ("contour", "glucometer", "port", "canary = true\nheard_within_s = 60"),
    ],
)
def test_key_that_would_do_nothing_is_refused(config_file: Path, model: str, kind: str, place: str, key: str) -> None:
    found = {"address": 'address = "C0:FF:EE:00:00:04"', "port": 'port = "usb:1a79:6001"'}[place]
    config_file.write_text(
        CONFIG[: CONFIG.index("[[device]]")]
        + f"""\
[[device]]
name = "device-1"
kind = "{kind}"
model = "{model}"
{found}
{key}
"""
    )
    with pytest.raises(ConfigurationError) as refused:
        load(config_file)
    sentence = str(refused.value)
    assert f"device[0].{key.partition(' ')[0]}: a {model} does not use it (" in sentence
    assert sentence.endswith("; take it out")
    assert KEY not in sentence
    config_file.write_text(config_file.read_text().replace(key, "heard_within_s = 600"))
    (device,) = load(config_file).devices
    assert (device.poll_interval_s, device.pair, device.set_clock, device.canary) == (60.0, True, False, False)


def test_every_optional_key_of_a_device_is_some_drivers() -> None:
    known = load_catalogue(CATALOGUE).values()
    used = frozenset().union(*(keys_used_by(model) for model in known))
    optional = {field.name for field in msgspec.structs.fields(DeviceSection) if not field.required}
    assert used == optional - {"heard_within_s"}


def test_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: cannot be read: No such file .*--config"):
        load(tmp_path / "none.toml")


def test_name_or_address_twice_is_refused(config_file: Path) -> None:
    section = CONFIG[CONFIG.index("[[device]]") :]
    config_file.write_text(CONFIG + section)
    with pytest.raises(ConfigurationError, match=r"device\[1\]\.name: .* is device\[0\]'s already"):
        load(config_file)
    config_file.write_text(CONFIG + section.replace("ble:", "other:"))
    with pytest.raises(ConfigurationError, match=r"device\[1\]\.address"):
        load(config_file)


def test_key_file_that_others_can_read_is_refused(config_file: Path) -> None:
    config_file.write_text(CONFIG.replace(BUTTON_KEY, 'bind_key_file = "button.key"'))
    key = config_file.parent / "button.key"
    key.write_text(KEY)
    os.chmod(key, 0o644)
    with pytest.raises(ConfigurationError, match="mode 0600"):
        load(config_file)


def test_key_is_never_printed(config_file: Path) -> None:
    assert KEY not in repr(load(config_file))
    assert str(bytes.fromhex(KEY)) not in repr(load(config_file))


def test_catalogue_with_a_driver_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_text('[model.x]\ntitle = "X"\nkinds = ["glucometer"]\ndriver = "telepathy"\nproven_against = []\n')
    with pytest.raises(ConfigurationError, match=r"devices\.toml: model\.x\.driver: expected one of glucose-profile"):
        load_catalogue(path)


def test_catalogue_says_what_a_device_of_the_home_senses(tmp_path: Path) -> None:
    assert "personal_trigger" in load_catalogue(CATALOGUE)["bthome-button"].senses
    path = tmp_path / "devices.toml"
    entry = '[model.x]\ntitle = "X"\nkinds = ["motion_sensor"]\ndriver = "bthome-sensor"\nproven_against = []\n'
    path.write_text(entry + 'senses = ["contact"]\n')
    with pytest.raises(ConfigurationError, match=r"model\.x\.senses: a motion_sensor senses motion; name it"):
        load_catalogue(path)
