"""What to do about each open call, as pure steps: no clock, no connection, no disk.

States move by the one table that the centre uses too. The home repeats a call, and that it is taken back, until the
centre's own answer is here; it says "still trying" after a silence, and it says "sent" once, when the broker took the
call. Technical alarms and drills go the same way, and nothing is shown of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge.alarm.call import Call
from protocols.alarm.kinds import CALLS, AlarmKind
from protocols.alarm.states import EVENT_OF_CENTRE_STATE, AlarmEvent, AlarmState, StepNotAllowed, step
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage

_NEVER = float("inf")
_UNANSWERED = frozenset({AlarmState.RAISED, AlarmState.SENT, AlarmState.STILL_TRYING})
_BY_ANY_PATH = CALLS | {AlarmKind.MAINS_LOST, AlarmKind.BATTERY_LOW}
"""The rest can wait for the connection."""


@dataclass(frozen=True)
class Publish:
    message: AlarmMessage


@dataclass(frozen=True)
class CallBeside:
    """To be carried by the other paths too."""

    message: AlarmMessage


@dataclass(frozen=True)
class Answered:
    """The other paths may rest: the centre has spoken."""

    message: AlarmStateMessage


@dataclass(frozen=True)
class Journal:
    call: Call


@dataclass(frozen=True)
class Show:
    call: Call


Action = Publish | CallBeside | Answered | Journal | Show
"""Carried out in order: a state is in the journal before it is shown."""


@dataclass
class _Open:
    call: Call
    send_due_s: float
    no_answer_due_s: float
    carrier_had_it: bool = False
    beside: bool = False
    """The other paths were asked."""
    asks: bool = False
    """The connection is new, and the centre has not said since what is true: it may have closed this meanwhile."""

    @property
    def owed(self) -> bool:
        """The centre has not answered to all that the home said."""
        call = self.call
        return call.state in _UNANSWERED or (call.cancelled and not call.cancel_heard)

    @property
    def wants_another_path(self) -> bool:
        return self.owed and not self.beside and self.call.kind in _BY_ANY_PATH


class Calls:
    """Times are monotonic seconds."""

    def __init__(self, *, resend_s: float, no_answer_s: float) -> None:
        self._resend_s = resend_s
        self._no_answer_s = no_answer_s
        self._open: dict[str, _Open] = {}
        self._ended: dict[str, Call] = {}
        """Closed here, while the journal has not taken that yet."""
        self._line_up: bool | None = None  # None: not known yet

    def look(self, journalled: Iterable[Call], now_s: float) -> list[Action]:
        """Takes up what the journal (or, where that takes nothing, the gateway's memory) has and this process does not
        know: new calls, presses that were repeated, calls that were taken back, drills that were given up."""
        actions: list[Action] = []
        named = set()
        for call in journalled:
            named.add(call.alarm)
            if (ended := self._ended.get(call.alarm)) is not None:
                actions.append(Journal(replace(ended, kept=call.kept)))  # its row may have come after it was closed
            elif (entry := self._open.get(call.alarm)) is None:
                entry = self._open[call.alarm] = _Open(call, now_s, now_s + self._no_answer_s)
                if call.cancelled and call.state is not AlarmState.CANCELLED:
                    actions += self._take_back(entry, now_s)
                else:  # shown again after a restart too: the lamp has forgotten
                    actions += _shown(call)
            else:
                actions += self._compare(entry, call, now_s)
        self._ended = {alarm: call for alarm, call in self._ended.items() if alarm in named}
        self._open = {alarm: entry for alarm, entry in self._open.items() if alarm in named}
        due = self.due(now_s)
        publish = [action for action in due if isinstance(action, Publish)]
        return [*publish, *actions, *(action for action in due if not isinstance(action, Publish))]

    def _compare(self, entry: _Open, found: Call, now_s: float) -> list[Action]:
        actions: list[Action] = []
        if found.kept and not entry.call.kept:
            entry.call = replace(entry.call, kept=True)
            actions.append(Journal(entry.call))
        if found.presses > entry.call.presses:
            entry.call = replace(entry.call, presses=found.presses)
            actions += _shown(entry.call)
        if found.cancelled and not entry.call.cancelled:
            actions += self._take_back(entry, now_s)
        return actions

    def _take_back(self, entry: _Open, now_s: float) -> list[Action]:
        entry.call = replace(entry.call, cancelled=True)
        entry.send_due_s = now_s
        actions = self._step(entry, AlarmEvent.HOME_CANCELS, by=entry.call.by, minutes=entry.call.minutes)
        if entry.beside:
            actions.append(CallBeside(_message(entry.call)))
        return actions

    def due(self, now_s: float) -> list[Action]:
        """Calls to send again, and silences to admit."""
        actions: list[Action] = []
        for entry in self._open.values():
            if self._line_up and entry.send_due_s <= now_s:
                actions += self._send(entry, now_s)
            silent = entry.no_answer_due_s <= now_s
            if silent:
                entry.no_answer_due_s = _NEVER
                actions += self._step(entry, AlarmEvent.NO_ANSWER)
            if (
                (silent or self._line_up is False)
                and not entry.beside
                and entry.owed
                and entry.call.kind in _BY_ANY_PATH
            ):
                entry.beside = True
                actions.append(CallBeside(_message(entry.call)))
        return actions

    def next_due_s(self) -> float:
        """When `due` has something next; infinity for never."""
        dues = [entry.no_answer_due_s for entry in self._open.values()]
        if self._line_up:
            dues += [entry.send_due_s for entry in self._open.values()]
        return min(dues, default=_NEVER)

    def carrier_has(self, alarm: str, now_s: float) -> list[Action]:
        """The broker, or the carrier of another path, took the call."""
        entry = self._open.get(alarm)
        if entry is None or entry.carrier_had_it:
            return []  # said once: a centre that stays silent is not told as good news again and again
        entry.carrier_had_it = True
        if entry.call.state is AlarmState.STILL_TRYING:
            entry.no_answer_due_s = now_s + self._no_answer_s
        return self._step(entry, AlarmEvent.BROKER_HAS_IT)

    def centre_says(self, message: AlarmStateMessage) -> list[Action]:
        entry = self._open.get(message.alarm)
        event = EVENT_OF_CENTRE_STATE.get(message.state)
        if entry is None or event is None:
            return []
        heard = message.cancelled and entry.call.cancelled
        news = heard and not entry.call.cancel_heard
        entry.call = replace(entry.call, cancel_heard=entry.call.cancel_heard or heard)
        entry.asks = False
        actions: list[Action] = [Answered(message)] if entry.beside else []
        if message.state is entry.call.state and (message.by, message.minutes) == (entry.call.by, entry.call.minutes):
            actions += [Journal(entry.call), *_shown(entry.call)] if news else []
        else:
            actions += self._step(entry, event, by=message.by, minutes=message.minutes)
        if not entry.owed:
            entry.send_due_s = entry.no_answer_due_s = _NEVER
        if entry.call.state is AlarmState.CLOSED:
            self._ended[message.alarm] = self._open.pop(message.alarm).call
        return actions

    def line_up(self, now_s: float) -> list[Action]:
        """Every open call is told, also one that was answered, and again until the centre says what is true now.

        A broker that was killed may know our session from its last save, and have lost what the centre said since; and
        it takes our question while nobody at the centre listens.
        """
        self._line_up = True
        for entry in self._open.values():
            entry.send_due_s, entry.asks = now_s, True
        return self.due(now_s)

    def line_down(self, now_s: float) -> list[Action]:
        """Known to be down: unanswered calls go by the other paths at once."""
        self._line_up = False
        return self.due(now_s)

    def _send(self, entry: _Open, now_s: float) -> list[Action]:
        entry.call = replace(entry.call, attempts=entry.call.attempts + 1)
        entry.send_due_s = now_s + self._resend_s if entry.owed or entry.asks else _NEVER
        if not entry.owed:
            entry.no_answer_due_s = _NEVER
        publish = Publish(_message(entry.call))
        if entry.call.attempts == 1:
            return [publish]  # the broker's word, or the silence, comes into the journal in a moment, with this attempt
        return [publish, Journal(entry.call)]

    def _step(self, entry: _Open, event: AlarmEvent, by: str | None = None, minutes: int | None = None) -> list[Action]:
        try:
            state = step(entry.call.state, event)
        except StepNotAllowed:
            return []
        entry.call = replace(entry.call, state=state, by=by, minutes=minutes)
        return [Journal(entry.call), *_shown(entry.call)]


def _shown(call: Call) -> list[Action]:
    return [Show(call)] if call.kind.is_call else []


def _message(call: Call) -> AlarmMessage:
    return AlarmMessage(
        alarm=call.alarm,
        kind=call.kind,
        device=call.device,
        raised_at=call.raised_at,
        attempt=max(call.attempts, 1),
        cancelled=call.cancelled,
        test=call.test,
        kept=call.kept,
    )
