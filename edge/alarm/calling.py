"""Where every trigger of the home ends: a call in the journal, and the alarm's process awake.

Where the journal takes nothing (a full or failing disk) the call is made all the same: it goes to the alarm's process
at once, stays in memory, and is written as soon as that is possible. The centre is told that it is not kept.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from edge.alarm.call import Call, LastPress, Meaning, PressRules, meaning_of_press
from edge.alarm.journal import AlarmJournal, StaleCounter
from edge.clock import Clock
from edge.errors import Temporary
from edge.figures import Figures
from protocols.adverts.counter import CounterGuard
from protocols.alarm.kinds import AlarmKind

_log = structlog.get_logger()

RETRY_S = 1.0
NOT_KEPT = "the gateway's disk does not take calls: {} in memory only, a power cut would forget them"


class AlarmEars(Protocol):
    """The alarm's process, as the triggers see it."""

    def wake(self) -> None:
        """There is news in the journal."""

    def tell(self, call: Call) -> None:
        """A call that the journal does not take."""


@dataclass
class _Unkept:
    call: Call
    counter: int | None
    first_pressed_s: float
    last_pressed_s: float


class Calling:
    """From the gateway's one event loop; the journal's writes are short."""

    def __init__(
        self,
        journal: AlarmJournal,
        ears: AlarmEars,
        figures: Figures,
        clock: Clock,
        rules: PressRules,
        *,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._journal = journal
        self._ears = ears
        self._figures = figures
        self._clock = clock
        self._rules = rules
        self._wall_s = wall_s
        self._unkept: dict[str, _Unkept] = {}
        self._guards: dict[str, CounterGuard] = {}

    @property
    def problems(self) -> list[str]:
        return [NOT_KEPT.format(len(self._unkept))] if self._unkept else []

    def press(self, device: str, kind: AlarmKind, *, counter: int | None = None, long: bool = False) -> Meaning:
        """A person pressed, pulled or fell. Raises StaleCounter for a frame that was heard before, and nothing else:
        a press is called whatever the disk does."""
        pressed_s = self._wall_s()
        self._need_new(device, counter)
        try:
            pressed = self._journal.press(
                device,
                kind,
                counter,
                raised_at=self._clock.now(),
                pressed_at_s=pressed_s,
                rules=self._rules,
                long=long,
            )
            alarm, meaning = pressed.alarm, pressed.meaning
            self._ears.wake()
        except Temporary as error:
            alarm, meaning = self._press_in_memory(device, kind, counter, pressed_s, long=long)
            _log.error("press_not_kept", device=device, alarm=alarm, problem=str(error))
        self._remember(device, counter)
        if meaning is Meaning.NEW_CALL:
            self._figures.presses.inc()
        _log.info("press", device=device, alarm=alarm, meaning=meaning.value)
        return meaning

    def may_be_taken_back(self, device: str) -> bool:
        """Whether a long press of this device would take its call back now."""
        now_s = self._wall_s()
        entry = next((e for e in reversed(self._unkept.values()) if e.call.device == device), None)
        try:
            last = self._journal.last_press(device)
        except Temporary:
            last = None
        if entry is not None:
            last = LastPress(entry.call.alarm, entry.first_pressed_s, entry.last_pressed_s, entry.call.cancelled)
        return meaning_of_press(self._rules, last, now_s, long=True) is Meaning.TAKES_BACK

    def heard_counter(self, device: str, counter: int) -> None:
        """A frame without a press. Raises StaleCounter."""
        self._need_new(device, counter)
        try:
            self._journal.heard_counter(device, counter)
        except Temporary as error:
            _log.error("counter_not_kept", device=device, problem=str(error))
        self._remember(device, counter)

    def notice(self, device: str, kind: AlarmKind) -> str | None:
        """Something of the home calls by itself; once while it lasts. The alarm's id where it is new."""
        try:
            alarm, new = self._journal.notice(device, kind, self._clock.now())
            self._ears.wake()
        except Temporary as error:
            open_one = self._open_in_memory(device, kind)
            alarm, new = (open_one.call.alarm, False) if open_one else (self._in_memory(device, kind).alarm, True)
            _log.error("alarm_not_kept", device=device, alarm=alarm, problem=str(error))
        if new:
            _log.warning("noticed", device=device, kind=kind.value, alarm=alarm)
        return alarm if new else None

    def over(self, device: str, kind: AlarmKind) -> bool:
        """What `notice` told is over; nothing happens where nothing is open. False where the disk does not take it:
        say it again."""
        unkept = self._open_in_memory(device, kind)
        if unkept is not None:
            self._change(unkept, replace(unkept.call, cancelled=True))
        try:
            if self._journal.over(device, kind):
                _log.info("over", device=device, kind=kind.value)
                self._ears.wake()
        except Temporary as error:
            _log.error("over_not_kept", device=device, kind=kind.value, problem=str(error))
            return False
        return True

    def wake(self) -> None:
        """There is news in the journal that came by another way."""
        self._ears.wake()

    def tell_again(self) -> None:
        """The alarm's process begins anew and knows only the journal."""
        for entry in self._unkept.values():
            self._ears.tell(entry.call)

    async def keep_trying(self) -> None:
        """Until cancelled: writes down what the journal did not take."""
        while True:
            await asyncio.sleep(RETRY_S)
            self.write_unkept()

    def write_unkept(self) -> None:
        for entry in list(self._unkept.values()):
            try:
                self._journal.keep(entry.call, entry.last_pressed_s, entry.counter)
            except Temporary:
                return
            del self._unkept[entry.call.alarm]
            _log.info("call_kept", alarm=entry.call.alarm)
            self._ears.wake()

    def _need_new(self, device: str, counter: int | None) -> None:
        """Raises StaleCounter. Memory knows counters that the disk did not take."""
        guard = self._guards.get(device)
        if counter is None or guard is None or guard.last is None or counter > guard.last:
            return
        raise StaleCounter(counter, guard.last)

    def _remember(self, device: str, counter: int | None) -> None:
        if counter is not None:
            self._guards.setdefault(device, CounterGuard(None)).accept(counter)

    def _press_in_memory(
        self, device: str, kind: AlarmKind, counter: int | None, pressed_s: float, *, long: bool
    ) -> tuple[str, Meaning]:
        """Raises StaleCounter."""
        self._need_above_journal(device, counter)
        entry = self._open_in_memory(device, kind)
        last = None
        if entry is not None:
            last = LastPress(entry.call.alarm, entry.first_pressed_s, entry.last_pressed_s, entry.call.cancelled)
        meaning = meaning_of_press(self._rules, last, pressed_s, long=long)
        if entry is None or meaning is Meaning.NEW_CALL:
            return self._in_memory(device, kind, counter).alarm, Meaning.NEW_CALL
        entry.last_pressed_s, entry.counter = pressed_s, counter
        presses = entry.call.presses + (meaning is Meaning.SAME_CALL)
        self._change(
            entry,
            replace(entry.call, presses=presses, cancelled=entry.call.cancelled or meaning is Meaning.TAKES_BACK),
        )
        return entry.call.alarm, meaning

    def _need_above_journal(self, device: str, counter: int | None) -> None:
        if counter is None:
            return
        try:
            last = self._journal.counter(device)
        except Temporary:
            return  # it cannot even be read: a press is worth more than the recording it might be
        if last is not None and counter <= last:
            raise StaleCounter(counter, last)

    def _in_memory(self, device: str, kind: AlarmKind, counter: int | None = None) -> Call:
        call = Call(str(uuid.uuid4()), kind, device, self._clock.now(), kept=False)
        now_s = self._wall_s()
        self._unkept[call.alarm] = _Unkept(call, counter, now_s, now_s)
        self._ears.tell(call)
        return call

    def _open_in_memory(self, device: str, kind: AlarmKind) -> _Unkept | None:
        """The newest."""
        found = [e for e in self._unkept.values() if (e.call.device, e.call.kind) == (device, kind)]
        return next((entry for entry in reversed(found) if not entry.call.cancelled), None)

    def _change(self, entry: _Unkept, call: Call) -> None:
        entry.call = call
        self._ears.tell(call)
