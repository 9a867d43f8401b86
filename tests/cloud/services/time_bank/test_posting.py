"""Lines of deeds."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.services.time_bank.model import Deed, Entry, Line
from cloud.services.time_bank.posting import earned, expired, minutes_between, moved, taken_back

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
VOLUNTEER, RESERVED, ELDER, COMMUNITY = 1, 2, 3, 4


def test_minutes_are_whole_and_nobody_is_paid_for_a_night() -> None:
    assert minutes_between(NOW, NOW + timedelta(minutes=59, seconds=59)) == 59
    assert minutes_between(NOW, NOW - timedelta(minutes=3)) == 0
    assert minutes_between(NOW, NOW + timedelta(hours=14)) == 480


@pytest.mark.parametrize(
    ("minutes", "set_aside", "lines"),
    [
        (60, 60, {VOLUNTEER: 60, RESERVED: -60}),
        (45, 60, {VOLUNTEER: 45, RESERVED: -60, ELDER: 15}),
        (75, 60, {VOLUNTEER: 75, RESERVED: -60, COMMUNITY: -15}),
        (50, 0, {VOLUNTEER: 50, COMMUNITY: -50}),
        (0, 30, {RESERVED: -30, ELDER: 30}),
        (0, 0, None),
    ],
)
def test_what_is_set_aside_pays_first(minutes: int, set_aside: int, lines: dict[int, int] | None) -> None:
    entry = earned(
        7, 0, minutes, volunteer=VOLUNTEER, reserved=RESERVED, set_aside=set_aside, elder=ELDER, community=COMMUNITY
    )
    assert (entry and {line.account_id: line.minutes for line in entry.lines}) == lines


def test_an_elder_without_an_account_gives_back_to_the_community() -> None:
    entry = earned(7, 0, 45, volunteer=VOLUNTEER, reserved=RESERVED, set_aside=60, elder=COMMUNITY, community=COMMUNITY)
    assert entry is not None
    assert {line.account_id: line.minutes for line in entry.lines} == {VOLUNTEER: 45, RESERVED: -60, COMMUNITY: 15}


@given(st.integers(0, 480), st.integers(0, 480))
def test_lines_sum_to_zero_and_a_counter_entry_undoes_them(minutes: int, set_aside: int) -> None:
    entry = earned(
        7, 0, minutes, volunteer=VOLUNTEER, reserved=RESERVED, set_aside=set_aside, elder=ELDER, community=COMMUNITY
    )
    if entry is not None:
        back = taken_back(entry.entry_id, entry.lines, entry.visit_id, "wrong_times")
        assert sum(line.minutes for line in entry.lines) == 0
        assert [line.minutes for line in back.lines] == [-line.minutes for line in entry.lines]
        assert back.corrects_id == entry.entry_id


@pytest.mark.parametrize(
    "lines",
    [(Line(1, 5),), (Line(1, 5), Line(2, -4)), (Line(1, 5), Line(1, -5)), (Line(1, 0), Line(2, 0))],
)
def test_half_a_deed_is_none(lines: tuple[Line, ...]) -> None:
    with pytest.raises(ValueError, match="deed"):
        Entry(uuid4(), Deed.GIVE, lines)


def test_nothing_is_not_given() -> None:
    with pytest.raises(ValueError, match="minutes"):
        moved(uuid4(), Deed.GIVE, 1, 2, 0)


def test_what_came_first_is_used_first() -> None:
    came = {NOW - timedelta(days=900): 60, NOW - timedelta(days=800): 30, NOW: 20}
    cutoff = NOW - timedelta(days=730)
    assert expired(came, 0, cutoff) == 90
    assert expired(came, 70, cutoff) == 20
    assert expired(came, 95, cutoff) == 0
