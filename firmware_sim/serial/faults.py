"""What can be wrong with a meter or its cable: one mechanism for every model, applied to what the meter says."""

import random
from collections.abc import Callable
from dataclasses import dataclass

_SEED = 1


@dataclass(frozen=True)
class Fault:
    title: str
    damage: Callable[[bytes], bytes] = bytes
    """What reaches the reader of one answer; perhaps nothing."""
    late_s: float = 0.0
    every: int = 1
    """It happens to every so-manieth answer."""
    other_model: bool = False
    """Another meter is plugged in than the one that was named."""


def _flip_a_bit(answer: bytes) -> bytes:
    """In the middle, so that no check value fits its text any more."""
    place = len(answer) // 2
    return answer[:place] + bytes((answer[place] ^ 1,)) + answer[place + 1 :]


def _noise(answer: bytes) -> bytes:
    return random.Random(_SEED + len(answer)).randbytes(len(answer))


FAULTS: dict[str, Fault] = {
    "silent": Fault("says nothing", lambda _answer: b""),
    "garbage": Fault("says noise of the right length", _noise),
    "bad_checksum": Fault("one bit of every answer is wrong", _flip_a_bit),
    "cut_short": Fault("the second half of every answer is lost", lambda answer: answer[: len(answer) // 2]),
    "noisy": Fault("one bit of every seventh answer is wrong", _flip_a_bit, every=7),
    "slow": Fault("every fifth answer comes 3 s late", late_s=3.0, every=5),
    "wrong_model": Fault("another model is plugged in", other_model=True),
}


class UnknownFault(ValueError):
    """No fault of this name; the message lists those that are."""


def fault_of(name: str) -> Fault:
    if name not in FAULTS:
        raise UnknownFault(f"{name!r} is not a fault of the simulator; there are: {', '.join(FAULTS)}")
    return FAULTS[name]


class FaultyLine:
    """Counts the answers and spoils those that are due. Without a fault all come as they are."""

    def __init__(self, fault: Fault | None = None) -> None:
        self._fault = fault
        self._answers = 0

    def carry(self, answer: bytes) -> tuple[bytes, float]:
        """What arrives of `answer` (not empty), and how many seconds late."""
        self._answers += 1
        if self._fault is None or self._answers % self._fault.every:
            return answer, 0.0
        return self._fault.damage(answer), self._fault.late_s
