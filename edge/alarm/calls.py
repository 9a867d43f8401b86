"""What to do about each open call, as pure steps: no clock, no connection, no disk.

States move by the one table that the centre uses too. The home repeats a call until the centre's own answer is here;
it says "still trying" after a silence, and it says "sent" once, when the broker took the call.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge.alarm.journal import Call
from protocols.alarm.states import EVENT_OF_CENTRE_STATE, AlarmEvent, AlarmState, StepNotAllowed, step
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage

_NEVER = float("inf")
_UNANSWERED = frozenset({AlarmState.RAISED, AlarmState.SENT, AlarmState.STILL_TRYING})


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


class Calls:
    """Times are monotonic seconds."""

    def __init__(self, *, resend_s: float, no_answer_s: float) -> None:
        self._resend_s = resend_s
        self._no_answer_s = no_answer_s
        self._open: dict[str, _Open] = {}
        self._line_up: bool | None = None  # None: not known yet

    def look(self, journalled: Iterable[Call], now_s: float) -> list[Action]:
        """Takes up calls that the journal has and this process does not know, and presses that were repeated."""
        actions: list[Action] = []
        for call in journalled:
            known = self._open.get(call.alarm)
            if known is None:
                # shown again after a restart too: the lamp has forgotten
                actions.append(Show(call))
                self._open[call.alarm] = _Open(call, now_s, now_s + self._no_answer_s)
            elif call.presses > known.call.presses:
                known.call = replace(known.call, presses=call.presses)
                actions.append(Show(known.call))
        return actions + self.due(now_s)

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
            if (silent or self._line_up is False) and not entry.beside and entry.call.state in _UNANSWERED:
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
        entry.send_due_s = entry.no_answer_due_s = _NEVER
        actions: list[Action] = [Answered(message)] if entry.beside else []
        if message.state is entry.call.state and (message.by, message.minutes) == (entry.call.by, entry.call.minutes):
            return actions
        actions += self._step(entry, event, by=message.by, minutes=message.minutes)
        if entry.call.state is AlarmState.CLOSED:
            del self._open[message.alarm]
        return actions

    def line_up(self, now_s: float, *, session_kept: bool) -> list[Action]:
        """Unanswered calls go at once. Where the broker forgot us, it may have forgotten what the centre said too:
        every open call is told again, and the centre answers with what is true."""
        self._line_up = True
        for entry in self._open.values():
            if not session_kept or entry.call.state in _UNANSWERED:
                entry.send_due_s = now_s
        return self.due(now_s)

    def line_down(self, now_s: float) -> list[Action]:
        """Known to be down: unanswered calls go by the other paths at once."""
        self._line_up = False
        return self.due(now_s)

    def _send(self, entry: _Open, now_s: float) -> list[Action]:
        entry.call = replace(entry.call, attempts=entry.call.attempts + 1)
        answered = entry.call.state not in _UNANSWERED
        entry.send_due_s = _NEVER if answered else now_s + self._resend_s
        if answered:
            entry.no_answer_due_s = _NEVER
        return [Publish(_message(entry.call)), Journal(entry.call)]

    def _step(self, entry: _Open, event: AlarmEvent, by: str | None = None, minutes: int | None = None) -> list[Action]:
        try:
            state = step(entry.call.state, event)
        except StepNotAllowed:
            return []
        entry.call = replace(entry.call, state=state, by=by, minutes=minutes)
        return [Journal(entry.call), Show(entry.call)]


def _message(call: Call) -> AlarmMessage:
    return AlarmMessage(
        alarm=call.alarm, kind=call.kind, device=call.device, raised_at=call.raised_at, attempt=max(call.attempts, 1)
    )
