"""Whom to tell of a call by text, and when again. Pure: times are monotonic seconds.

The numbers are told in their order, one after the other until the centre answers. A text that the network did not
take goes again to the same number before the next one has its turn; after each round the pause grows.
"""

from dataclasses import dataclass

from protocols.telemetry.messages import AlarmMessage

_NEVER = float("inf")
AGAIN_AFTER_S = 5.0
TRIES_A_NUMBER = 3
LONGEST_PAUSE_S = 900.0
GIVEN_UP_AFTER_S = 6 * 3600.0
"""Texts end then. The call itself does not: the other path goes on."""


@dataclass(frozen=True)
class Sending:
    job: int
    message: AlarmMessage
    number: int
    """Place in the configuration."""


@dataclass
class _Told:
    message: AlarmMessage
    began_s: float
    due_s: float
    number: int = 0
    tries: int = 0
    rounds: int = 0
    job: int | None = None


class Plan:
    def __init__(self, numbers: int, next_number_s: float) -> None:
        self._numbers = numbers
        self._next_number_s = next_number_s
        self._told: dict[str, _Told] = {}
        self._jobs = 0

    def call(self, message: AlarmMessage, now_s: float) -> None:
        """The newest message of an alarm takes an older one's place, and is told at once, from the first number."""
        self._told[message.alarm] = _Told(message, now_s, now_s)

    @property
    def idle(self) -> bool:
        return not self._told

    def heard(self, alarm: str, *, cancelled: bool = False, closed: bool = False) -> None:
        """The centre has answered: nothing more is to be told. Where the home took the call back, that is still to be
        told until the centre knows of it (`cancelled`) or the call is closed."""
        told = self._told.get(alarm)
        if told is not None and (cancelled or closed or not told.message.cancelled):
            del self._told[alarm]

    def give_up(self, alarm: str) -> None:
        self._told.pop(alarm, None)

    def due(self, now_s: float) -> list[Sending]:
        """Texts to be sent now, one a call."""
        self._told = {alarm: told for alarm, told in self._told.items() if told.began_s > now_s - GIVEN_UP_AFTER_S}
        sendings = []
        for told in self._told.values():
            if told.job is None and told.due_s <= now_s:
                self._jobs += 1
                told.job = self._jobs
                sendings.append(Sending(told.job, told.message, told.number))
        return sendings

    def next_due_s(self) -> float:
        return min((told.due_s for told in self._told.values() if told.job is None), default=_NEVER)

    def sent(self, job: int, now_s: float) -> None:
        """The network took it: the next number has its turn when the centre stays silent."""
        told = self._of(job)
        if told is not None:
            pause_s = self._next_number_s
            if told.number == self._numbers - 1:
                pause_s = min(pause_s * 2**told.rounds, max(LONGEST_PAUSE_S, pause_s))
            self._next(told, now_s + pause_s)

    def not_sent(self, job: int, now_s: float, *, permanent: bool) -> None:
        """`permanent`: the number is none."""
        told = self._of(job)
        if told is None:
            return
        told.job = None
        told.tries += 1
        if permanent or told.tries >= TRIES_A_NUMBER:
            self._next(told, now_s + (AGAIN_AFTER_S if told.number == self._numbers - 1 else 0.0))
        else:
            told.due_s = now_s + AGAIN_AFTER_S

    def _of(self, job: int) -> _Told | None:
        return next((told for told in self._told.values() if told.job == job), None)

    def _next(self, told: _Told, due_s: float) -> None:
        told.rounds += told.number == self._numbers - 1
        told.number = (told.number + 1) % self._numbers
        told.tries = 0
        told.job = None
        told.due_s = due_s
