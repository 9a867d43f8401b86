from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.alarm.kinds import SCAIP_DEVICE_TYPE, SCAIP_STATUS, AlarmKind
from protocols.alarm.states import EVENT_OF_CENTRE_STATE, STEPS, AlarmEvent, AlarmState, StepNotAllowed, step

NOBODY_YET = {AlarmState.RAISED, AlarmState.STILL_TRYING, AlarmState.SENT, AlarmState.AT_CENTRE}


def walk(events: list[AlarmEvent]) -> list[AlarmState]:
    """The states that `events` lead through from RAISED; events that are not allowed change nothing."""
    states = [AlarmState.RAISED]
    for event in events:
        try:
            states.append(step(states[-1], event))
        except StepNotAllowed:
            states.append(states[-1])
    return states


walks = st.lists(st.sampled_from(AlarmEvent), max_size=30).map(walk)


@given(walks)
def test_closed_is_final(states: list[AlarmState]) -> None:
    if AlarmState.CLOSED in states:
        assert set(states[states.index(AlarmState.CLOSED) :]) == {AlarmState.CLOSED}


@given(walks)
def test_home_never_takes_back_that_a_person_has_it(states: list[AlarmState]) -> None:
    for before, after in pairwise(states):
        if before not in NOBODY_YET:
            assert after not in NOBODY_YET
        if before is AlarmState.ON_THE_WAY:
            assert after in (AlarmState.ON_THE_WAY, AlarmState.CLOSED)
        if before is AlarmState.AT_CENTRE:
            assert after not in (AlarmState.RAISED, AlarmState.SENT, AlarmState.STILL_TRYING)


def test_every_state_is_reached() -> None:
    reached = {AlarmState.RAISED}
    while more := {after for (before, _), after in STEPS.items() if before in reached} - reached:
        reached |= more
    assert reached == set(AlarmState)


@pytest.mark.parametrize("state", [state for state in AlarmState if state is not AlarmState.CLOSED])
def test_every_open_alarm_can_be_taken_or_sent_for_and_closed(state: AlarmState) -> None:
    assert step(state, AlarmEvent.SOMEBODY_TRAVELS) is AlarmState.ON_THE_WAY
    assert step(state, AlarmEvent.CLOSES) is AlarmState.CLOSED


@pytest.mark.parametrize("event", AlarmEvent)
def test_nothing_moves_a_closed_alarm(event: AlarmEvent) -> None:
    with pytest.raises(StepNotAllowed, match=f"closed does not take {event}"):
        step(AlarmState.CLOSED, event)


def test_the_usual_way() -> None:
    events = [
        AlarmEvent.BROKER_HAS_IT,
        AlarmEvent.DESK_HAS_IT,
        AlarmEvent.PERSON_TAKES_IT,
        AlarmEvent.SOMEBODY_TRAVELS,
        AlarmEvent.CLOSES,
    ]
    assert walk(events) == [
        AlarmState.RAISED,
        AlarmState.SENT,
        AlarmState.AT_CENTRE,
        AlarmState.TAKEN,
        AlarmState.ON_THE_WAY,
        AlarmState.CLOSED,
    ]


def test_late_news_changes_nothing() -> None:
    with pytest.raises(StepNotAllowed):
        step(AlarmState.TAKEN, AlarmEvent.DESK_HAS_IT)
    with pytest.raises(StepNotAllowed):
        step(AlarmState.AT_CENTRE, AlarmEvent.NO_ANSWER)


def test_new_minutes_while_somebody_travels_are_allowed() -> None:
    assert step(AlarmState.ON_THE_WAY, AlarmEvent.SOMEBODY_TRAVELS) is AlarmState.ON_THE_WAY


@pytest.mark.parametrize(("state", "event"), sorted(EVENT_OF_CENTRE_STATE.items()))
def test_what_the_centre_says_leads_to_the_state_it_names(state: AlarmState, event: AlarmEvent) -> None:
    assert step(AlarmState.SENT, event) is state


def test_kinds_have_codes_of_scaip() -> None:
    assert set(SCAIP_DEVICE_TYPE) == set(SCAIP_STATUS) == set(AlarmKind)
    codes = [*SCAIP_DEVICE_TYPE.values(), *(code for status in SCAIP_STATUS.values() for code in status)]
    assert all(len(code) == 4 and code.isdigit() for code in codes)


def test_calls_of_people_are_told_apart_by_their_device_type() -> None:
    calls = [kind for kind in AlarmKind if kind.is_call]
    assert len({SCAIP_DEVICE_TYPE[kind] for kind in calls}) == len(calls)


@pytest.mark.parametrize("state", [AlarmState.TAKEN, AlarmState.ON_THE_WAY])
def test_what_a_person_has_is_not_taken_from_them_by_the_home(state: AlarmState) -> None:
    assert step(state, AlarmEvent.HOME_CANCELS) is state


@pytest.mark.parametrize("state", sorted(NOBODY_YET))
def test_home_takes_back_what_nobody_has(state: AlarmState) -> None:
    assert step(state, AlarmEvent.HOME_CANCELS) is AlarmState.CANCELLED
    assert step(AlarmState.CANCELLED, AlarmEvent.PERSON_TAKES_IT) is AlarmState.TAKEN
    with pytest.raises(StepNotAllowed):
        step(AlarmState.CANCELLED, AlarmEvent.DESK_HAS_IT)
