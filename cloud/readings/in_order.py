"""Letters are acknowledged in the order in which they came, whichever was stored first. Pure.

Mosquitto looks for each acknowledged message from the oldest on that it holds for us. With thousands in hand, and two
lanes that are through at different times, that would cost it more than all the rest that it does for a message.

It is also what keeps letters apart that have one number: Mosquitto 2.0 sends far more ahead than it was told to, and
begins its 65,535 numbers (MQTT 5, section 2.2.1) anew while the first letters are unacknowledged. So letters are known
by their places in the order of coming, and each number is said back when its place is due.
"""

from collections import deque
from collections.abc import Iterable


class InOrder:
    """Of one connection. The first letter's place is 1."""

    def __init__(self) -> None:
        self._came: deque[int] = deque()
        self._safe: set[int] = set()
        self._oldest = 1

    def __len__(self) -> int:
        """Letters that came and are not acknowledged."""
        return len(self._came)

    def come(self, numbers: Iterable[int]) -> None:
        """The packet identifiers of letters, as they come."""
        self._came.extend(numbers)

    def safe(self, places: Iterable[int]) -> list[int]:
        """Numbers of those that may be acknowledged now that the letters at `places` are stored, in their order."""
        self._safe.update(places)
        due = []
        came, safe, oldest = self._came, self._safe, self._oldest
        while oldest in safe:
            safe.remove(oldest)
            due.append(came.popleft())
            oldest += 1
        self._oldest = oldest
        return due
