"""[outcomes] of configs/limits.toml."""

from cloud.detection.rule import Table, need


class Outcomes(Table, frozen=True):
    """How verdicts move a figure that the file gives bounds: never a floor's, never beyond the bounds."""

    days: int = 90
    """Older verdicts say nothing any more: the figure goes back by itself."""
    least_false: int = 2
    """So many more false than right ones move it at all."""
    share: float = 0.25
    """Each of them by this share of the way to the bound."""

    def __post_init__(self) -> None:
        need(self.days >= 1, "days: expected 1 or more")
        need(self.least_false >= 1, "least_false: expected 1 or more")
        need(0 < self.share <= 1, "share: expected more than 0, and 1 at most")
