"""One call of this home, and what a further press means to it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState


@dataclass(frozen=True)
class Call:
    """One alarm of this home, as its journal has it; a technical one too."""

    alarm: str
    kind: AlarmKind
    device: str
    raised_at: datetime
    state: AlarmState = AlarmState.RAISED
    attempts: int = 0
    presses: int = 1
    """Presses that were taken as this one call; more than one asks for the words to be said again."""
    by: str | None = None
    minutes: int | None = None
    cancelled: bool = False
    """Taken back in the home; of a technical alarm: what it told is over."""
    cancel_heard: bool = False
    """The centre knows that."""
    test: bool = False
    """Somebody installs and tries the trigger."""
    kept: bool = True
    """False: the journal takes nothing, only memory has it."""


@dataclass(frozen=True)
class PressRules:
    same_press_s: float
    """Presses that follow each other so closely are one."""
    cancel_within_s: float
    """A long press so soon after the call's first one takes it back; 0: never."""


@dataclass(frozen=True)
class LastPress:
    """Of the same trigger, where its call is open. Unix seconds of the wall clock."""

    alarm: str
    first_pressed_s: float
    last_pressed_s: float
    cancelled: bool


class Meaning(Enum):
    NEW_CALL = "new_call"
    SAME_CALL = "same_call"
    TAKES_BACK = "takes_back"


def meaning_of_press(rules: PressRules, last: LastPress | None, pressed_s: float, *, long: bool) -> Meaning:
    """A press belongs to the open call where it follows the last one closely. A long one after that, within the time
    of grace, takes the call back. Any other press is a new call: nobody's need is swallowed by an old one.
    """
    if last is None:
        return Meaning.NEW_CALL
    if 0 <= pressed_s - last.last_pressed_s < rules.same_press_s and (long or not last.cancelled):
        return Meaning.SAME_CALL  # also the end of a long press that has taken the call back
    if long and not last.cancelled and 0 <= pressed_s - last.first_pressed_s < rules.cancel_within_s:
        return Meaning.TAKES_BACK
    return Meaning.NEW_CALL
