"""The guard against replays of encrypted advertisements."""

_LIMIT = 1 << 32


class CounterGuard:
    """Lets each counter value of a device through once, and never goes back.

    A recorded press that is sent again later carries an old counter, whatever its value; so no counter below the last
    is ever taken, not even after a battery change (the device keeps counting, or it is enrolled anew). The caller
    keeps `last` on disk before it acts on what it accepted.
    """

    def __init__(self, last: int | None) -> None:
        self._last = last

    @property
    def last(self) -> int | None:
        """The highest counter accepted; None before the first."""
        return self._last

    def accept(self, counter: int) -> bool:
        """True once for each counter above the last. Raises ValueError outside 32 bits."""
        if not 0 <= counter < _LIMIT:
            raise ValueError(f"counter {counter} is not of 32 bits")
        if self._last is not None and counter <= self._last:
            return False
        self._last = counter
        return True
