"""What the pages remember while the database is away, and that they forget with it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from cloud.web.card.model import Basics
from cloud.web.evidence.model import Contact, Person
from cloud.web.standby.memory import FILE, Memory

REGIONS = frozenset({1})


def create_basics(elder_id: int, name: str) -> Basics:
    person = Person(
        elder_id=elder_id,
        code=f"elder-{elder_id}",
        name=name,
        born_on=date(1941, 3, 8),
        sex=None,
        conditions=[],
        risks=[],
        plan="",
        data_note="",
        home_id=1,
        address="颐和路 12 号",
        door_note="",
        time_zone="Asia/Shanghai",
        region_id=1,
        community="c",
        street=None,
    )
    return Basics(person, [Contact(1, "王强", "儿子", "+8613800000001")])


def test_who_was_erased_is_forgotten_here_too(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    one, other = create_basics(1, "王秀英"), create_basics(2, "李德福")
    memory.remember_basics([one, other])
    assert memory.basics(1, REGIONS) == one
    changed = replace(other, contacts=[])
    memory.remember_basics([changed])
    assert memory.basics(1, REGIONS) is None
    assert memory.basics(2, REGIONS) == changed
    memory.close()
    assert "王秀英".encode() not in (tmp_path / FILE).read_bytes()
    again = Memory(tmp_path)
    assert again.basics(1, REGIONS) is None
    again.close()
