from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.registry.elders.abilities.scales import Scale
from cloud.registry.elders.model import Assessed, Entry, Told
from cloud.web.register.doubts import doubts
from cloud.web.register.forms import fields_of, read_change
from cloud.web.register.trend import trend

TODAY = date(2026, 11, 22)


def create_entry(**more: object) -> Entry:
    values: dict[str, object] = {
        "elder_id": 1, "code": "elder-1", "name": "王秀英", "born_on": date(1949, 12, 31), "sex": "female",
        "language": "zh", "home_id": 1, "home_code": "home-1", "region_id": 1, "community": "c", "address": "a 1",
        "door_note": "", "time_zone": "Asia/Shanghai", "dwelling": "flat", "storey": -1, "lift": False,
        "lives_with": ["spouse", "children"], "household": "", "religion": "none", "diet": ["soft"], "food_note": "",
        "payers": ["self"], "payer_note": "", "ability_level": None, "version": 3, "changed_at": None,
        "changed_by": None,
    } | more  # fmt: skip
    return Entry(**values)  # type: ignore[arg-type]  # each has its own type


def test_a_form_that_nobody_touched_changes_nothing() -> None:
    entry, contacts = create_entry(), [Told("王强", "儿子", "025-5550-0101")]
    change, read, wrong = read_change(fields_of(entry, contacts), TODAY)
    assert (wrong, read) == ({}, contacts)
    for name, value in vars(change).items():
        assert value == (tuple(old) if isinstance(old := getattr(entry, name), list) else old), name


@given(
    st.dictionaries(
        st.sampled_from([*fields_of(create_entry(), []), "x"]), st.lists(st.text(max_size=30), max_size=3), max_size=8
    )
)
def test_whatever_is_written_is_read_or_named(fields: dict[str, list[str]]) -> None:
    change, _, wrong = read_change(fields, TODAY)
    assert wrong or (change.name and change.address)
    assert "\0" not in repr(change)


@pytest.mark.parametrize(
    ("name", "value"),
    [("contacts", "王强/儿子"), ("contacts", "a / b / c"), ("diet", "stones"), ("sex", "x"), ("door_note", "x" * 2001)],
)
def test_each_fault_stands_at_its_field(name: str, value: str) -> None:
    fields = fields_of(create_entry(), []) | {name: [value]}
    assert set(read_change(fields, TODAY)[2]) == {name}


def test_doubts_are_told_and_stop_nobody() -> None:
    number = "11010519491231002X"
    assert doubts(number, create_entry(), TODAY) == []
    assert len(doubts(number, create_entry(born_on=date(1949, 12, 30), sex="male"), TODAY)) == 2
    assert len(doubts(None, create_entry(born_on=date(1990, 1, 1)), TODAY)) == 1
    assert doubts("110105194912310021", create_entry(), TODAY) == ["The identity number itself cannot be right."]


def test_a_trend_goes_over_what_stands() -> None:
    def create(on: date, points: int, *, struck: bool = False) -> Assessed:
        return Assessed(1, Scale.BARTHEL, on, {}, [], points, 0, "", "", "", struck)

    assert trend([], Scale.BARTHEL) is None
    years = [create(date(2024, 1, 1), 100), create(date(2025, 1, 1), 20, struck=True), create(date(2026, 1, 1), 70)]
    drawn = trend(years, Scale.BARTHEL)
    assert drawn is not None
    assert [dot.points for dot in drawn.dots] == [100, 70]
    assert drawn.change == -30
    assert drawn.dots[0].x < drawn.dots[1].x
    assert drawn.dots[0].y < drawn.dots[1].y
    assert trend(years, Scale.GBT42195) is None
