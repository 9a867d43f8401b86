"""Community files: the example is good, and each mistake is named."""

from pathlib import Path

import pytest

from cloud.registry.community import decode_community, read_community
from protocols.configuration import ConfigurationError

EXAMPLE = Path(__file__).parents[3] / "configs" / "community.toml"

GOOD = """
[[region]]
code = "320106"
name = "鼓楼区"
level = "district"

[[home]]
code = "home-1"
region = "320106"
address = "x"

[[elder]]
code = "elder-1"
home = "home-1"
name = "林桂珍"
link = "abcdefghijkl"

[[gateway]]
name = "gw-1"
home = "home-1"

[[gateway.device]]
name = "ble:1"
kind = "glucometer"
wearer = "elder-1"

[[staff]]
login = "nurse"
name = "孙丽华"
role = "nurse"
region = "320106"
password_env = "SECRET"
"""


def test_the_example_is_the_demonstrations() -> None:
    community = read_community(EXAMPLE)
    assert [region.level.value for region in community.region] == [
        "province",
        "city",
        "district",
        "street",
        "community",
    ]
    assert [gateway.name for gateway in community.gateway] == ["gw-home-1", "gw-home-2", "gw-home-3"]
    assert [device.kind.value for device in community.gateway[0].device] == [
        "glucometer",
        "sphygmomanometer",
        "glucometer",
        "shower_sensor",
        "emergency_button",
    ]
    assert all("TIHM" in elder.data_note for elder in community.elder)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('region = "320106"\naddress', 'region = "9"\naddress', "home home-1: region: there is no region '9'"),
        ('address = "x"', 'address = "x"\ntime_zone = "Mars"', "home home-1: time_zone: 'Mars' is no IANA zone"),
        ('home = "home-1"\nname = "林', 'home = "h"\nname = "林', "elder elder-1: home: there is no home 'h'"),
        ('link = "abcdefghijkl"', 'link = "short"', "elder elder-1: link: at least 12 characters"),
        ('name = "gw-1"', 'name = "GW/1"', "gateway GW/1: name: gateway name 'GW/1' is not of the form"),
        ('wearer = "elder-1"', 'wearer = "e"', "device ble:1: wearer: there is no elder 'e'"),
        ('kind = "glucometer"', 'kind = "toaster"', r"gateway\[0\]\.device\[0\]\.kind: Invalid enum value 'toaster'"),
        ('role = "nurse"', 'role = "boss"', r"staff\[0\]\.role: Invalid enum value 'boss'"),
        ('password_env = "SECRET"', "", "staff nurse: give either password or password_env"),
        ('level = "district"', 'level = "district"\nparent = "1"', "region 320106: parent: there is no region '1'"),
        ('level = "district"', 'level = "district"\nsize = 1', "unknown field `size`"),
        ('wearer = "elder-1"', '[[gateway.device.wearing]]\nelder = "elder-1"\nfrom = 2026-01-01', "wearing"),
        ("[[staff]]", "[[gateway]]\nname = 'gw-1'\nhome = 'home-1'\n[[staff]]", "gateway: name 'gw-1' stands 2 times"),
        ("[[region]]", "[region", "file.toml: not TOML"),
    ],
)
def test_each_mistake_is_named(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    decode_community(GOOD, "file.toml")
    with pytest.raises(ConfigurationError, match=complaint) as refusal:
        decode_community(GOOD.replace(old, new, 1), "file.toml")
    assert str(refusal.value).startswith("file.toml: ")


def test_a_wider_region_does_not_lie_in_a_narrower() -> None:
    more = '[[region]]\ncode = "32"\nname = "江苏省"\nlevel = "province"\nparent = "320106"\n'
    with pytest.raises(ConfigurationError, match="a province does not lie in a district"):
        decode_community(GOOD + more, "file.toml")


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: cannot be read: No such file"):
        read_community(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ('rule = "by_luck"', "rule"),
        ('rule = "by_time"', "by_time needs `usual`"),
        ('[[gateway.device.wearing]]\nelder = "elder-1"\nusual = ["7-8"]', "usual: expected a time such as"),
        ('[[gateway.device.wearing]]\nelder = "elder-1"\nslot = -1', "slot"),
    ],
)
def test_what_is_wrong_with_sharing_is_said(lines: str, complaint: str) -> None:
    text = GOOD.replace('wearer = "elder-1"\n', lines + "\n")
    with pytest.raises(ConfigurationError, match=complaint):
        decode_community(text, "file")
