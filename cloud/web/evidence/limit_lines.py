"""The clinical limits as dashed lines of a chart, each with its value, meaning and source."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.detection.limits import Limits
from cloud.web.charts.series import LimitLine
from cloud.web.language import Language
from cloud.web.values import Measures, short_name
from cloud.web.words import RULES


@dataclass(frozen=True)
class Figure:
    """A limit in the metric's canonical unit."""

    rule: str
    value: float
    source: str
    confirmed: bool


@dataclass(frozen=True)
class LimitLines:
    """Figures by metric."""

    figures: Mapping[str, tuple[Figure, ...]]
    signed: bool = False
    """Whether a clinician stands for the set; pages say so until one does."""

    def of(self, metric: str, language: Language, measures: Measures) -> tuple[LimitLine, ...]:
        name = short_name(language, metric)
        return tuple(
            LimitLine(
                metric,
                measures.scaled(metric, figure.value),
                f"{name} {measures.number(metric, figure.value)}",
                "; ".join(
                    part
                    for part in (
                        language.gettext(RULES[figure.rule]) if figure.rule in RULES else figure.rule,
                        figure.source,
                        "" if figure.confirmed else language.gettext("not confirmed by a clinician"),
                    )
                    if part
                ),
            )
            for figure in self.figures.get(metric, ())
        )


def limit_lines(limits: Limits) -> LimitLines:
    """One line for each figure of a metric, the most urgent rule's where several share it."""
    found: dict[str, dict[float, Figure]] = {}
    for rule in sorted(limits.rule, key=lambda rule: rule.priority.rank):
        for condition in rule.any:
            if condition.limit is not None:
                figure = Figure(rule.id, condition.limit, rule.source, rule.confirmed)
                found.setdefault(condition.metric.value, {}).setdefault(condition.limit, figure)
    return LimitLines(
        {metric: tuple(figures[value] for value in sorted(figures)) for metric, figures in found.items()},
        limits.is_signed,
    )
