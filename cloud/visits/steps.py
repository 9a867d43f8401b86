"""The one table of steps between the states of a visit. Pure."""

from enum import StrEnum

from cloud.errors import Conflict
from cloud.visits.model import VisitState


class VisitStep(StrEnum):
    ASSIGN = "assign"
    ACCEPT = "accept"
    TRAVEL = "travel"
    ARRIVE = "arrive"
    NO_ANSWER = "no_answer"
    FILE = "file"
    ASSESS = "assess"
    CLOSE = "close"
    DECLINE = "decline"
    HAND_ON = "hand_on"
    CANCEL = "cancel"


_S, _T = VisitState, VisitStep

STEPS: dict[tuple[VisitState, VisitStep], VisitState] = {
    **{(state, _T.ASSIGN): _S.ASSIGNED for state in (_S.PROPOSED, _S.ASSIGNED)},
    # who was asked first has no right to it: the first who accepts goes
    **{(state, _T.ACCEPT): _S.ACCEPTED for state in (_S.PROPOSED, _S.ASSIGNED)},
    # from a door that stayed shut one may go and come again
    **{(state, _T.TRAVEL): _S.TRAVELLING for state in (_S.ACCEPTED, _S.NO_ANSWER)},
    **{(state, _T.ARRIVE): _S.AT_THE_DOOR for state in (_S.ACCEPTED, _S.TRAVELLING, _S.NO_ANSWER)},
    **{(state, _T.NO_ANSWER): _S.NO_ANSWER for state in (_S.TRAVELLING, _S.AT_THE_DOOR)},
    # a nurse with full hands may forget to tap on the way
    **{(state, _T.FILE): _S.FILED for state in (_S.ACCEPTED, _S.TRAVELLING, _S.AT_THE_DOOR, _S.NO_ANSWER)},
    # the elder may think again
    **{(state, _T.ASSESS): _S.ASSESSED for state in (_S.FILED, _S.ASSESSED)},
    **{(state, _T.CLOSE): _S.CLOSED for state in (_S.FILED, _S.ASSESSED)},
    **{
        (state, _T.DECLINE): _S.PROPOSED
        for state in (_S.PROPOSED, _S.ASSIGNED, _S.ACCEPTED, _S.TRAVELLING, _S.AT_THE_DOOR, _S.NO_ANSWER)
    },
    **{
        (state, _T.HAND_ON): _S.ASSIGNED
        for state in (_S.ASSIGNED, _S.ACCEPTED, _S.TRAVELLING, _S.AT_THE_DOOR, _S.NO_ANSWER)
    },
    **{
        (state, _T.CANCEL): _S.CANCELLED
        for state in (_S.PROPOSED, _S.ASSIGNED, _S.ACCEPTED, _S.TRAVELLING, _S.NO_ANSWER)
    },
}

_WAY = (_S.PROPOSED, _S.ASSIGNED, _S.ACCEPTED, _S.TRAVELLING, _S.AT_THE_DOOR, _S.FILED, _S.ASSESSED, _S.CLOSED)
_ARRIVES_AT = {_T.ACCEPT: _S.ACCEPTED, _T.TRAVEL: _S.TRAVELLING, _T.ARRIVE: _S.AT_THE_DOOR, _T.FILE: _S.FILED}


class StepNotAllowed(Conflict):
    """The visit is not in a state that allows the step. It stays as it is."""

    def __init__(self, state: VisitState, step: VisitStep) -> None:
        super().__init__(f"a visit that is {state} does not take {step}")
        self.state = state
        self.step = step


def after(state: VisitState, step: VisitStep) -> VisitState:
    """The state after `step`. Raises StepNotAllowed where the table has no such step."""
    try:
        return STEPS[state, step]
    except KeyError:
        raise StepNotAllowed(state, step) from None


def is_behind(state: VisitState, step: VisitStep) -> bool:
    """Whether a visit in `state` has made `step` already: the same tap twice, or one that arrives late."""
    if state is _S.NO_ANSWER:  # going there again is a new step
        return step in {_T.ACCEPT, _T.NO_ANSWER}
    target = _ARRIVES_AT.get(step)
    return target is not None and state in _WAY and _WAY.index(state) >= _WAY.index(target)
