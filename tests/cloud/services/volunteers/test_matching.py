"""Whom a visit is proposed to, and why."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.services.volunteers.matching import Candidate, Need, proposals
from cloud.services.volunteers.model import Hours, Seen, State

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # a Sunday, 09:00 in Nanjing
ZONE = ZoneInfo("Asia/Shanghai")
PAPERS = tuple(Seen(kind, "Anna", NOW, None) for kind in ("identity", "conduct", "agreement", "basics"))
NEED = Need(
    elder_id=1, wish="company", skills=frozenset(), language="wuu", wished_sex=None, region_id=3, from_at=NOW,
    by=NOW + timedelta(days=2), minutes=60, zone=ZONE, refused_by=frozenset(),
)  # fmt: skip
ANNA = Candidate(
    staff_id=1, name="Anna", state=State.ACTIVE, papers=PAPERS, hours=(Hours(0, time(14), time(17)),), away=(),
    skills=frozenset({"company"}), languages=frozenset({"wuu"}), sex="female", region_id=3, elder_id=None,
    week_minutes=240, promised_minutes=0, times_there=0, not_content=False,
)  # fmt: skip


def test_the_reasons_are_said() -> None:
    (found,) = proposals(NEED, [ANNA])
    assert found.free_at == datetime(2026, 11, 23, 14, 0, tzinfo=ZONE)
    assert [code for code, _ in found.reasons] == ["offers_it", "lives_near", "speaks", "has_time", "little_to_do"]


def test_three_at_most_and_who_knows_them_first() -> None:
    others = [replace(ANNA, staff_id=number) for number in range(2, 6)]
    known = replace(ANNA, staff_id=9, times_there=4)
    assert [one.staff_id for one in proposals(NEED, [*others, known])] == [9, 2, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"state": State.PAUSED},
        {"papers": PAPERS[1:]},
        {"hours": ()},
        {"hours": (Hours(0, time(14), time(14, 30)),)},
        {"hours": (Hours(4, time(8), time(20)),)},
        {"away": ((date(2026, 11, 23), date(2026, 11, 24)),)},
        {"elder_id": 1},
        {"promised_minutes": 200},
        {"not_content": True},
    ],
)
def test_who_does_not_suit_is_not_proposed(change: dict[str, object]) -> None:
    assert proposals(NEED, [replace(ANNA, **change)]) == []  # type: ignore[arg-type]  # by name


def test_wishes_and_needs_of_the_elder() -> None:
    assert proposals(replace(NEED, wished_sex="male"), [ANNA]) == []
    assert proposals(replace(NEED, skills=frozenset({"first_aid"})), [ANNA]) == []
    assert proposals(replace(NEED, refused_by=frozenset({1})), [ANNA]) == []


def test_papers_count_on_the_day_of_the_visit() -> None:
    ending = (*PAPERS[1:], Seen("identity", "Anna", NOW, date(2026, 11, 22)))
    assert proposals(NEED, [replace(ANNA, papers=ending)]) == []
