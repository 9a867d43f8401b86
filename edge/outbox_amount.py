"""How much of an outbox something concerned."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Amount:
    rows: int = 0
    bytes: int = 0
    """Of the readings' bodies."""

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.rows + other.rows, self.bytes + other.bytes)
