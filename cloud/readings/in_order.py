"""Letters are acknowledged in the order in which they came, whichever was stored first. Pure.

Mosquitto looks for each acknowledged message from the oldest on that it holds for us. With thousands in hand, and two
lanes that are through at different times, that would cost it more than all the rest that it does for a message.
"""

from collections import deque
from collections.abc import Iterable


class InOrder:
    """Of one connection."""

    def __init__(self) -> None:
        self._came: deque[int] = deque()
        self._safe: set[int] = set()

    def come(self, number: int) -> None:
        """The packet identifier of a letter, as it comes."""
        self._came.append(number)

    def safe(self, numbers: Iterable[int]) -> list[int]:
        """Those that may be acknowledged now that `numbers` are stored, in their order."""
        self._safe.update(numbers)
        due = []
        came, safe = self._came, self._safe
        while came and came[0] in safe:
            number = came.popleft()
            safe.remove(number)
            due.append(number)
        return due
