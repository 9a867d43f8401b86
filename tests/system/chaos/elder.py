"""The person at home: presses the button, and presses again where nothing lights up."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from firmware_sim.control import HomeControl, NotDone
from tests.system.chaos.desk import Desk
from tests.system.chaos.diary import Diary
from tests.system.chaos.households import Household
from tests.system.chaos.ledger import Ledger, journalled
from tests.system.chaos.plan import ButtonPress

PATIENCE_S = 7.0
"""Without a light for so long they press again."""
_MOST_PRESSES = 12
_LOOK_S = 0.2


class Elder:
    """Presses at the times of the plan, on a thread of its own; one call at a time."""

    def __init__(self, household: Household, presses: Sequence[ButtonPress], ledger: Ledger, desk: Desk) -> None:
        self._household = household
        self._presses = presses
        self._ledger = ledger
        self._desk = desk
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, control_socket: Path | str, began_s: float, diary: Diary) -> None:
        """`began_s`: monotonic time at which the plan began."""
        control = HomeControl(control_socket)

        def live() -> None:
            with control:
                for press in self._presses:
                    if self._stop.wait(max(0.0, began_s + press.at_s - time.monotonic())):
                        return
                    self._call(control, diary)

        self._thread = threading.Thread(target=live, name=f"elder {self._household.number}", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return self._thread is None or not self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE_S + 5)

    def _taken(self) -> set[str]:
        seen = self._desk.calls_of(self._household.home_code)
        return seen | set(journalled(self._household.data / "alarm.db"))

    def _call(self, control: HomeControl, diary: Diary) -> None:
        before = self._taken()
        first_s = time.time()
        self._ledger.pressed += 1
        for times in range(_MOST_PRESSES):
            if times:
                self._ledger.pressed_again += 1
            try:
                control.press()
            except (NotDone, OSError) as error:
                diary.note(f"{self._household.gateway}: the button does not work: {error}")
                return
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                for alarm in self._taken() - before:
                    self._ledger.called(alarm, self._household.gateway, first_s)
                if self._taken() - before:
                    return
                if self._stop.wait(_LOOK_S):
                    return
        self._ledger.never_heard.append((self._household.gateway, first_s))
