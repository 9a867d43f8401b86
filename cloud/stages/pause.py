"""How long to wait before something that died is started again: longer each time, while it keeps dying."""

from typing import Final

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
STEADY_AFTER_S: Final = 60.0


class GrowingPause:
    """0.5 s, doubling up to 30 s; the first one again for what had run for a minute."""

    def __init__(self) -> None:
        self._next_s = FIRST_S

    def after(self, ran_for_s: float) -> float:
        """Seconds to wait now that it died after so long."""
        if ran_for_s > STEADY_AFTER_S:
            self._next_s = FIRST_S
        pause_s = self._next_s
        self._next_s = min(pause_s * 2, LONGEST_S)
        return pause_s
