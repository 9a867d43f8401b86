"""The one table of steps between the states of a visit. Pure."""

from enum import StrEnum

from cloud.errors import Conflict
from cloud.visits.model import VisitState


class VisitStep(StrEnum):
    ACCEPT = "accept"
    TRAVEL = "travel"
    ARRIVE = "arrive"
    FILE = "file"
    ASSESS = "assess"
    DECLINE = "decline"
    CANCEL = "cancel"


_S, _T = VisitState, VisitStep

STEPS: dict[tuple[VisitState, VisitStep], VisitState] = {
    (_S.PROPOSED, _T.ACCEPT): _S.ACCEPTED,
    (_S.ACCEPTED, _T.TRAVEL): _S.TRAVELLING,
    **{(state, _T.ARRIVE): _S.AT_THE_DOOR for state in (_S.ACCEPTED, _S.TRAVELLING)},
    # a nurse with full hands may forget to tap on the way
    **{(state, _T.FILE): _S.FILED for state in (_S.ACCEPTED, _S.TRAVELLING, _S.AT_THE_DOOR)},
    (_S.FILED, _T.ASSESS): _S.ASSESSED,
    # the elder may think again
    (_S.ASSESSED, _T.ASSESS): _S.ASSESSED,
    **{(state, _T.DECLINE): _S.PROPOSED for state in (_S.PROPOSED, _S.ACCEPTED, _S.TRAVELLING, _S.AT_THE_DOOR)},
    (_S.PROPOSED, _T.CANCEL): _S.CANCELLED,
}

_WAY = (_S.PROPOSED, _S.ACCEPTED, _S.TRAVELLING, _S.AT_THE_DOOR, _S.FILED, _S.ASSESSED)
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
    target = _ARRIVES_AT.get(step)
    return target is not None and state in _WAY and _WAY.index(state) >= _WAY.index(target)
