"""The visit's table of steps, walked at random."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.errors import Conflict
from cloud.visits.model import HISTORY_ONLY, OVER, VisitState
from cloud.visits.steps import STEPS, StepNotAllowed, VisitStep, after, is_behind

WAY = [VisitStep.ACCEPT, VisitStep.TRAVEL, VisitStep.ARRIVE, VisitStep.FILE, VisitStep.ASSESS]


def test_the_whole_way() -> None:
    state = VisitState.PROPOSED
    for step in WAY:
        state = after(state, step)
    assert state is VisitState.ASSESSED


def test_a_declined_visit_is_proposed_again() -> None:
    for state in (VisitState.PROPOSED, VisitState.ACCEPTED, VisitState.TRAVELLING, VisitState.AT_THE_DOOR):
        assert after(state, VisitStep.DECLINE) is VisitState.PROPOSED


def test_a_step_out_of_order_is_a_conflict_that_says_how_it_stands() -> None:
    with pytest.raises(StepNotAllowed, match="a visit that is filed does not take travel") as refused:
        after(VisitState.FILED, VisitStep.TRAVEL)
    assert isinstance(refused.value, Conflict)


@given(st.lists(st.sampled_from(list(VisitStep)), max_size=30))
def test_any_walk_stays_in_the_table_and_a_final_state_stays(steps: list[VisitStep]) -> None:
    state = VisitState.PROPOSED
    for step in steps:
        before = state
        try:
            state = after(state, step)
        except StepNotAllowed:
            assert (before, step) not in STEPS
            assert state is before
        assert state not in HISTORY_ONLY
        if before in OVER:
            assert state in OVER
        if before in {VisitState.CANCELLED, VisitState.CLOSED}:
            assert state is before


def test_every_state_is_reached_and_every_visit_can_end() -> None:
    stays = set(VisitState) - HISTORY_ONLY
    reached = {VisitState.PROPOSED} | set(STEPS.values())
    assert reached == stays
    ends = {VisitState.CLOSED, VisitState.CANCELLED}
    for _ in stays:
        ends |= {state for (state, _), then in STEPS.items() if then in ends}
    assert ends == stays


def test_a_late_or_doubled_tap_is_behind() -> None:
    assert is_behind(VisitState.TRAVELLING, VisitStep.ACCEPT)
    assert is_behind(VisitState.ACCEPTED, VisitStep.ACCEPT)
    assert not is_behind(VisitState.ACCEPTED, VisitStep.TRAVEL)
    assert not is_behind(VisitState.ASSIGNED, VisitStep.ACCEPT)
    assert not is_behind(VisitState.CANCELLED, VisitStep.ACCEPT)
    assert not is_behind(VisitState.PROPOSED, VisitStep.DECLINE)


def test_a_shut_door_is_told_once_and_one_may_come_again() -> None:
    assert is_behind(VisitState.NO_ANSWER, VisitStep.NO_ANSWER)
    assert not is_behind(VisitState.NO_ANSWER, VisitStep.TRAVEL)
    assert after(VisitState.NO_ANSWER, VisitStep.ARRIVE) is VisitState.AT_THE_DOOR
