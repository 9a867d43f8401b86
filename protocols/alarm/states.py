"""The alarm's states and the one table of steps between them, used by the home and by the centre.

The home speaks from receipts only: it enters a state when the event that the table names has really reached it.
"""

from enum import StrEnum

from protocols.errors import ProtocolError


class AlarmState(StrEnum):
    RAISED = "raised"  # the gateway has the press
    STILL_TRYING = "still_trying"  # ten seconds without an answer
    SENT = "sent"  # the broker, or the carrier of another path, has it
    AT_CENTRE = "at_centre"  # the desk shows it
    TAKEN = "taken"  # a person has it
    ON_THE_WAY = "on_the_way"  # somebody is travelling
    CANCELLED = "cancelled"  # taken back in the home; the centre has not closed it yet
    CLOSED = "closed"


class AlarmEvent(StrEnum):
    BROKER_HAS_IT = "broker_has_it"  # or another path's carrier
    NO_ANSWER = "no_answer"
    DESK_HAS_IT = "desk_has_it"
    PERSON_TAKES_IT = "person_takes_it"
    SOMEBODY_TRAVELS = "somebody_travels"
    HOME_CANCELS = "home_cancels"  # the elder takes it back; of a technical alarm: what it told is over
    CLOSES = "closes"


_S, _E = AlarmState, AlarmEvent

_UNTAKEN = (_S.RAISED, _S.SENT, _S.STILL_TRYING, _S.AT_CENTRE)

STEPS: dict[tuple[AlarmState, AlarmEvent], AlarmState] = {
    (_S.RAISED, _E.BROKER_HAS_IT): _S.SENT,
    (_S.RAISED, _E.NO_ANSWER): _S.STILL_TRYING,
    (_S.SENT, _E.NO_ANSWER): _S.STILL_TRYING,
    (_S.STILL_TRYING, _E.BROKER_HAS_IT): _S.SENT,
    **{(state, _E.DESK_HAS_IT): _S.AT_CENTRE for state in (_S.RAISED, _S.SENT, _S.STILL_TRYING)},
    **{(state, _E.PERSON_TAKES_IT): _S.TAKEN for state in (*_UNTAKEN, _S.CANCELLED)},
    **{(state, _E.SOMEBODY_TRAVELS): _S.ON_THE_WAY for state in (*_UNTAKEN, _S.CANCELLED, _S.TAKEN, _S.ON_THE_WAY)},
    **{(state, _E.HOME_CANCELS): _S.CANCELLED for state in _UNTAKEN},
    # whom a person has, that person closes: the home's word reaches them and takes nothing away
    **{(state, _E.HOME_CANCELS): state for state in (_S.TAKEN, _S.ON_THE_WAY)},
    **{(state, _E.CLOSES): _S.CLOSED for state in AlarmState if state is not _S.CLOSED},
}

EVENT_OF_CENTRE_STATE: dict[AlarmState, AlarmEvent] = {
    _S.AT_CENTRE: _E.DESK_HAS_IT,
    _S.TAKEN: _E.PERSON_TAKES_IT,
    _S.ON_THE_WAY: _E.SOMEBODY_TRAVELS,
    _S.CLOSED: _E.CLOSES,
}
"""What the arrival of a state from the centre means to the home."""


class StepNotAllowed(ProtocolError):
    """An event that means nothing in this state: late, doubled or out of order. The state stays as it is."""


def step(state: AlarmState, event: AlarmEvent) -> AlarmState:
    """The state after `event`. Raises StepNotAllowed where the table has no such step."""
    try:
        return STEPS[state, event]
    except KeyError:
        raise StepNotAllowed(f"an alarm that is {state} does not take {event}") from None
