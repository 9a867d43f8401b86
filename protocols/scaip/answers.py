"""What an answer of a receiving centre means in the one table of alarm states (protocols.alarm.states). Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from protocols.alarm.states import AlarmEvent, AlarmState, step
from protocols.scaip.messages import StatusNumber

EVENT_OF_ANSWER: Mapping[StatusNumber, AlarmEvent] = MappingProxyType(
    {
        StatusNumber.OK: AlarmEvent.DESK_HAS_IT,
        StatusNumber.HOLD: AlarmEvent.DESK_HAS_IT,
        StatusNumber.NOT_TREATED: AlarmEvent.NO_ANSWER,
        StatusNumber.BUSY: AlarmEvent.NO_ANSWER,
    }
)
"""OK comes from a machine: that a person has the call, it does not say. The other numbers say that the message was
wrong: they change no state."""


def after_answer(state: AlarmState, answer: StatusNumber) -> AlarmState:
    """The state of the alarm at the receiving centre. Raises StepNotAllowed where the table has no such step."""
    event = EVENT_OF_ANSWER.get(answer)
    if event is None or (state, event) in _STANDS:
        return state
    return step(state, event)


_STANDS = frozenset(
    {
        (AlarmState.AT_CENTRE, AlarmEvent.DESK_HAS_IT),  # held, and now treated
        (AlarmState.STILL_TRYING, AlarmEvent.NO_ANSWER),
    }
)
