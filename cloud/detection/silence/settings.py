"""What layer 4 goes by, as configs/limits.toml writes it."""

from cloud.detection.model import Priority
from cloud.detection.rule import Table, need
from protocols.reading import Metric

SILENCE = "silence"


class Silence(Table, frozen=True):
    """A person who measures regularly has stopped."""

    metrics: tuple[Metric, ...]
    times: float
    """So many times the longest pause but one in ten."""
    least_days: float
    priority: Priority
    source: str
    confirmed: bool = False
    days: int = 42
    least_measured_days: int = 8
    quiet_days: float = 7.0
    renew_hours: float = 168.0
    heard_hours: float = 24.0
    """Sensors of the home, or its gateway, were heard so lately: they live."""

    def __post_init__(self) -> None:
        need(self.least_measured_days >= 3, "least_measured_days: expected 3 or more")
        need(0 < self.least_days < self.days, "least_days: expected more than 0, and less than days")
