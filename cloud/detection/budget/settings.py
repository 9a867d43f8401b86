"""[budget] of configs/limits.toml."""

from cloud.detection.rule import Table, need


class Budget(Table, frozen=True):
    """How many alerts a team, the nurses of one community, is sent in seven days."""

    per_patient_week: float = 0.25
    at_least: int = 3
    """A small team's week is never smaller."""
    days: float = 7.0
    older_by_day: float = 0.05
    """By so much the risk of an alert that waits grows a day: nothing waits for ever behind newer ones."""
    verdict_days: int = 90
    prior_right: float = 2.0
    prior_wrong: float = 1.0
    """As many verdicts as we start from, of each cause."""

    def __post_init__(self) -> None:
        need(self.per_patient_week > 0, "per_patient_week: expected more than 0")
        need(self.at_least >= 1, "at_least: expected 1 or more")
        need(self.days > 0, "days: expected more than 0")
        need(self.older_by_day >= 0, "older_by_day: expected 0 or more")
        need(min(self.prior_right, self.prior_wrong) > 0, "prior_right, prior_wrong: expected more than 0")

    def room(self, patients: int, sent: int) -> int:
        """How many more may be sent, when `sent` were in the last `days`."""
        return max(max(self.at_least, int(self.per_patient_week * patients)) - sent, 0)
