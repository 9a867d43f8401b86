"""Who may go."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from cloud.errors import Conflict
from cloud.services.volunteers.model import Paper, Seen, State
from cloud.services.volunteers.vetting import NotVetted, may_go, next_expiry, step

TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 1, tzinfo=UTC)
WHOLE = tuple(Seen(kind, "Anna", AT, None) for kind in ("identity", "conduct", "agreement", "basics"))


def test_the_whole_way() -> None:
    way = [State.APPLIED, State.CHECKING, State.TRAINING, State.ACTIVE, State.PAUSED, State.ACTIVE, State.LEFT]
    for before, after in pairwise(way):
        step(before, after, WHOLE, TODAY)


def test_a_state_cannot_be_skipped() -> None:
    with pytest.raises(Conflict):
        step(State.APPLIED, State.ACTIVE, WHOLE, TODAY)


def test_papers_are_needed_and_end() -> None:
    with pytest.raises(NotVetted) as lacking:
        step(State.TRAINING, State.ACTIVE, WHOLE[:2], TODAY)
    assert lacking.value.missing == (Paper.AGREEMENT, Paper.BASICS)
    ending = (*WHOLE[1:], Seen("identity", "Anna", AT, TODAY))
    assert may_go(State.ACTIVE, ending, TODAY)
    assert not may_go(State.ACTIVE, ending, TODAY + timedelta(days=1))
    assert not may_go(State.PAUSED, WHOLE, TODAY)


def test_the_next_expiry_is_of_the_newest_of_each_kind() -> None:
    assert next_expiry(WHOLE) is None
    old, new = Seen("conduct", "Anna", AT, TODAY), Seen("conduct", "Anna", AT, TODAY + timedelta(days=90))
    assert next_expiry((new, old)) == TODAY + timedelta(days=90)
    assert next_expiry((*WHOLE, old)) is None  # one that never ends counts
    assert next_expiry((Seen("first_aid", "Anna", AT, TODAY),)) is None
