"""A lamp or a buzzer on a pin: a pattern of on and off, kept up by a thread until the next one."""

import threading
from collections.abc import Sequence
from typing import Protocol


class SignalLine(Protocol):
    """gpiozero's DigitalOutputDevice has these."""

    def on(self) -> None: ...

    def off(self) -> None: ...


class Signal:
    """Off at first. `show` returns at once."""

    def __init__(self, line: SignalLine, name: str) -> None:
        self._line = line
        self._changed = threading.Condition()
        self._times_s: tuple[float, ...] = ()
        self._rounds: int | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def show(self, times_s: Sequence[float], rounds: int | None = None) -> None:
        """On, off, on, off ... in seconds, repeated (`rounds` None: until the next `show`). One time alone: always on;
        none: off."""
        with self._changed:
            self._times_s, self._rounds = tuple(times_s), rounds
            self._changed.notify()

    def stop(self) -> None:
        """Off, and ended."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(2.0)

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                shown = (self._times_s, self._rounds)
                if not self._play(*shown):
                    self._line.off()
                    if shown == (self._times_s, self._rounds) and not self._ended:
                        self._changed.wait()
            self._line.off()

    def _play(self, times_s: tuple[float, ...], rounds: int | None) -> bool:
        """Holds the lock but for its waits. True where it was cut short by news, False where it is played out."""
        if len(times_s) == 1:
            self._line.on()
            return self._waited_for_news(None)
        played = 0
        while times_s and (rounds is None or played < rounds):
            for place, seconds in enumerate(times_s):
                (self._line.off if place % 2 else self._line.on)()
                if self._waited_for_news(seconds):
                    return True
            played += 1
        return False

    def _waited_for_news(self, seconds: float | None) -> bool:
        return self._changed.wait(seconds) or self._ended
