"""What a nurse takes along follows from data."""

from pathlib import Path

import pytest

from cloud.config import CloudConfig, Visits
from cloud.visits.take_along import TakeAlongRefused, read_take_along, take_along_of


def needed(**visit: str) -> list[str]:
    asked = {"kind": "alert", "cause": None, "wish": None} | visit
    found = take_along_of(CloudConfig()).needed(
        kind=str(asked["kind"]), cause=asked["cause"], wish=asked["wish"], skills=[]
    )
    return [item.said("en") for item in found]


def test_a_cause_a_kind_and_a_wish_say_what_is_needed() -> None:
    assert needed(cause="blood_pressure") == ["upper-arm cuff, spare batteries", "your badge"]
    assert "glucose tablets or juice" in needed(cause="hypoglycaemia")
    assert "first-aid bag" in needed(kind="alarm")
    assert needed(kind="request", wish="washing") == ["gloves, apron, washing things", "your badge"]


def test_a_centre_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[item]]\nen = "a lamp"\nzh = "灯"\nskills = ["night"]\n', encoding="utf-8")
    config = CloudConfig(base=str(tmp_path), visits=Visits(take_along="mine.toml"))
    (item,) = take_along_of(config).needed(kind="alert", cause=None, wish=None, skills=["night"])
    assert (item.said("zh"), item.said("fr")) == ("灯", "a lamp")


def test_a_wrong_file_says_what_is_wrong() -> None:
    with pytest.raises(TakeAlongRefused, match=r"mine: .*colour"):
        read_take_along('[[item]]\nen = "a"\nzh = "b"\ncolour = "red"\n', "mine")
