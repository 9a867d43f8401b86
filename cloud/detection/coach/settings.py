"""When a second measurement is asked for, as configs/limits.toml writes it."""

from cloud.detection.rule import Table, need
from protocols.reading import Metric


class Coach(Table, frozen=True):
    ask_within_minutes: float
    """What arrived later after it was measured is not asked about: the elder has put the meter away."""
    wait_minutes: float
    """So long the request stands."""
    jump_within_hours: float
    jump: dict[Metric, float]
    """So far from the measurement before it, in the canonical unit, a value is not believed at once."""
    other_hand_spreads: float
    """Pulse and pressure of one measurement so many of the person's spreads off: perhaps another person's hand."""

    def __post_init__(self) -> None:
        need(0 < self.ask_within_minutes <= 120, "ask_within_minutes: expected more than 0, and 120 at most")
        need(0 < self.wait_minutes <= 120, "wait_minutes: expected more than 0, and 120 at most")
        need(self.jump_within_hours > 0 and self.other_hand_spreads > 0, "expected figures above 0")
        need(all(jump > 0 for jump in self.jump.values()), "jump: expected figures above 0")
