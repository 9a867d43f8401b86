from pathlib import Path

import msgspec
import pytest

from protocols.configuration import ConfigurationError, decode_configuration


class Bluetooth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    adapter: str = "hci0"


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    poll_interval_s: float = 60.0
    bluetooth: Bluetooth = Bluetooth()


def test_text_becomes_the_configuration() -> None:
    config = decode_configuration(Gateway, 'name = "home-1"\n[bluetooth]\nadapter = "hci1"\n', "edge.toml")
    assert config == Gateway(name="home-1", bluetooth=Bluetooth(adapter="hci1"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name =", "edge.toml: not TOML: Invalid value"),
        ("", "edge.toml: top level: Object missing required field `name`"),
        ("name = 7", "edge.toml: name: Expected `str`, got `int`"),
        ('name = "a"\npoll_interval_s = "often"', "edge.toml: poll_interval_s: Expected `float`, got `str`"),
        ('name = "a"\nnmae = "b"', "edge.toml: top level: Object contains unknown field `nmae`"),
        ('name = "a"\n[bluetooth]\nadapter = 0', "edge.toml: bluetooth.adapter: Expected `str`, got `int`"),
        ('name = "a"\n[bluetooth]\nx = 0', "edge.toml: bluetooth: Object contains unknown field `x`"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        decode_configuration(Gateway, text, "edge.toml")
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_source_is_named_as_given() -> None:
    with pytest.raises(ConfigurationError, match=r"homes/one\.toml: name:"):
        decode_configuration(Gateway, "name = []", str(Path("homes") / "one.toml"))
