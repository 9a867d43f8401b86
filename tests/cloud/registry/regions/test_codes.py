import pytest

from cloud.registry.model import Level
from cloud.registry.regions.codes import level_of, lies_in


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("320000", Level.PROVINCE),
        ("320100", Level.CITY),
        ("320106", Level.DISTRICT),
        ("320106000000", Level.DISTRICT),
        ("320106901", Level.STREET),
        ("320106901000", Level.STREET),
        ("320106901901", Level.COMMUNITY),
        ("429004", Level.DISTRICT),  # a county right below its province
        ("c1", None),
        ("32010", None),
        ("000000", None),
        ("３２０１０６", None),
    ],
)
def test_the_level_is_in_the_code(code: str, level: Level | None) -> None:
    assert level_of(code) is level


def test_what_lies_in_what() -> None:
    assert lies_in("320106901901", "320106901000")
    assert lies_in("110101", "110000")  # a district right below its province
    assert not lies_in("320106", "320200")
    assert not lies_in("320106", "320106000000")
    assert not lies_in("c1", "320000")
