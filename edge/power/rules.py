"""When the power is an alarm."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PowerRules:
    lost_s: float
    """The mains are lost when they were away for so long: lights flicker."""
    battery_low_percent: float
