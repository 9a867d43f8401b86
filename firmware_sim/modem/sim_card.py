"""A SIM: its number, its PIN and the texts that it keeps."""

from dataclasses import dataclass, field
from enum import IntEnum

CAPACITY = 30
_TRIES = 3


class Kept(IntEnum):
    """<stat> of +CMGL in PDU mode, TS 27.005 section 3.1."""

    UNREAD = 0
    READ = 1


@dataclass
class SimCard:
    number: str
    """E.164."""
    pin: str = ""
    """Empty: it asks for none."""
    unlocked: bool = False
    tries_left: int = _TRIES
    texts: dict[int, tuple[Kept, bytes]] = field(default_factory=dict)
    """By place, from 1: whether it was read, and its PDU with the service centre."""

    @property
    def state(self) -> str:
        """What +CPIN? says."""
        if self.tries_left == 0:
            return "SIM PUK"
        return "READY" if self.unlocked or not self.pin else "SIM PIN"

    def enter(self, pin: str) -> bool:
        """Whether the PIN is right; the third wrong one locks the SIM."""
        if self.tries_left == 0:
            return False
        self.unlocked = pin == self.pin
        self.tries_left = _TRIES if self.unlocked else self.tries_left - 1
        return self.unlocked

    def keep(self, pdu: bytes) -> int | None:
        """Its place; None where the SIM is full."""
        free = next((place for place in range(1, CAPACITY + 1) if place not in self.texts), None)
        if free is not None:
            self.texts[free] = (Kept.UNREAD, pdu)
        return free

    def read(self, place: int) -> tuple[Kept, bytes] | None:
        found = self.texts.get(place)
        if found is not None:
            self.texts[place] = (Kept.READ, found[1])
        return found
