"""The clinical limits as dashed lines of a chart, each with its value, meaning and source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from cloud.detection.budget.settings import Budget
from cloud.detection.limits import Limits
from cloud.detection.outcomes.settings import Outcomes
from cloud.web.charts.series import LimitLine
from cloud.web.language import Language
from cloud.web.values import Measures, short_name
from cloud.web.words import RULES


@dataclass(frozen=True)
class Figure:
    """A limit in the metric's canonical unit, by the most urgent rule that has it."""

    rules: tuple[str, ...]
    """Every rule that has it, the most urgent first."""
    value: float
    source: str
    confirmed: bool
    rank: int
    """The urgency of its first rule, 0 the most."""


@dataclass(frozen=True)
class Movable:
    """A figure that may be moved for one elder, and how far; in the metric's canonical unit."""

    value: float
    least: float
    most: float


@dataclass(frozen=True)
class LimitLines:
    """Figures by metric."""

    figures: Mapping[str, tuple[Figure, ...]]
    signed: bool = False
    """Whether a clinician stands for the set; pages say so until one does."""
    movable: Mapping[tuple[str, str], Movable] = field(default_factory=dict)
    """By rule and metric."""
    budget: Budget = field(default_factory=Budget)
    outcomes: Outcomes = field(default_factory=Outcomes)

    def of(
        self, metric: str, language: Language, measures: Measures, *, spoken: frozenset[str], named: bool
    ) -> tuple[LimitLine, ...]:
        """The lines of `metric`. `spoken` are the rules that the page has words about; `named` puts the metric's name
        to the value, for panels that hold more than one."""
        return tuple(
            LimitLine(
                metric,
                measures.scaled(metric, figure.value),
                f"{short_name(language, metric)} {number}" if named else number,
                _meaning(figure, language),
                figure.source,
                spoken=any(rule in spoken for rule in figure.rules),
                rank=figure.rank,
            )
            for figure in self.figures.get(metric, ())
            for number in (measures.number(metric, figure.value),)
        )


def limit_lines(limits: Limits) -> LimitLines:
    """One line for each figure of a metric, with the words of the most urgent rule where several share it."""
    found: dict[str, dict[float, Figure]] = {}
    for rule in sorted(limits.rule, key=lambda rule: rule.priority.rank):
        for condition in rule.any:
            if condition.limit is None:
                continue
            figures = found.setdefault(condition.metric.value, {})
            figure = figures.get(condition.limit)
            figures[condition.limit] = (
                Figure((rule.id,), condition.limit, rule.source, rule.confirmed, rule.priority.rank)
                if figure is None
                else replace(figure, rules=(*figure.rules, rule.id))
            )
    return LimitLines(
        {metric: tuple(figures[value] for value in sorted(figures)) for metric, figures in found.items()},
        limits.is_signed,
        dict(_movable(limits)),
        limits.budget,
        limits.outcomes,
    )


def _movable(limits: Limits) -> Iterator[tuple[tuple[str, str], Movable]]:
    for rule in limits.rule:
        for condition in rule.any:
            value, least, most = condition.limit, condition.least, condition.most
            if value is not None and least is not None and most is not None and not rule.floor:
                bounds = condition.canonical(least), condition.canonical(most)
                yield (rule.id, condition.metric.value), Movable(value, *bounds)


def _meaning(figure: Figure, language: Language) -> str:
    """What its rules look for, and whether a clinician stands behind the figure."""
    said = [language.gettext(RULES[rule]) if rule in RULES else rule.replace("_", " ") for rule in figure.rules]
    if not figure.confirmed:
        said.append(language.gettext("not confirmed by a clinician"))
    return language.gettext("; ").join(said)
