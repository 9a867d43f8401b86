"""The clinical limits as data: configs/limits.toml -> frozen rules, or one sentence that says what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

from cloud.detection.budget.settings import Budget
from cloud.detection.coach.settings import Coach
from cloud.detection.model import OWN_PREFIX, Cause
from cloud.detection.outcomes.settings import Outcomes
from cloud.detection.own_normal import OwnNormal
from cloud.detection.routine.settings import PREFIX as ROUTINE_PREFIX
from cloud.detection.routine.settings import Routine
from cloud.detection.rule import Condition, Rule, Table, need
from cloud.detection.silence.settings import SILENCE, Silence
from cloud.detection.team import Team
from protocols.configuration import ConfigurationError, decode_configuration
from protocols.reading import Metric


class Signed(Table, frozen=True):
    by: str = ""
    on: str = ""


class Clearing(Table, frozen=True):
    hours: float = 24.0
    readings: int = 2


class Limits(Table, frozen=True):
    rule: tuple[Rule, ...]
    own_normal: OwnNormal
    routine: Routine
    silence: Silence
    coach: Coach
    signed: Signed = Signed()
    clearing: Clearing = Clearing()
    team: Team = Team()
    budget: Budget = Budget()
    outcomes: Outcomes = Outcomes()

    def __post_init__(self) -> None:
        ids = [rule.id for rule in self.rule]
        for name in ids:
            need(ids.count(name) == 1, f"rule: id {name!r} stands twice; expected one rule an id")
            need(
                not name.startswith(OWN_PREFIX),
                f"rule: id {name!r}: what begins with {OWN_PREFIX} is of [own_normal]; take another",
            )

    @property
    def is_signed(self) -> bool:
        """Whether a clinician stands for this set; pages say so until one does."""
        return bool(self.signed.by and self.signed.on)

    def rules_of(self, cause: Cause) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rule if rule.cause is cause)

    def rule_named(self, name: str) -> Rule | None:
        for rule in self.rule:
            if rule.id == name:
                return rule
        return None

    def times_of(self, rule: str) -> tuple[float, float | None]:
        """For how many days a rule stays quiet after a visit, and after how many hours it is told again."""
        found = self.rule_named(rule)
        if found is not None:
            return found.quiet_days, found.renew_hours
        if rule.startswith(OWN_PREFIX):
            return self.own_normal.quiet_days, self.own_normal.renew_hours
        if rule.startswith(ROUTINE_PREFIX):
            return self.routine.times_of(rule)
        if rule == SILENCE:
            return self.silence.quiet_days, self.silence.renew_hours
        return 0.0, None

    def conditions_of(self, metric: Metric) -> Iterator[tuple[Rule, Condition]]:
        """Every figure that `metric` is compared with, for a chart's limit lines."""
        for rule in self.rule:
            for condition in rule.any:
                if condition.metric is metric:
                    yield rule, condition


def load_limits(path: Path) -> Limits:
    """The limits at `path`. Raises ConfigurationError, one sentence that names file, key and expected form."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error.strerror}; name the limits file in detection.limits"
        ) from error
    return decode_configuration(Limits, text, str(path))
