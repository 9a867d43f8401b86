"""An elder's own figures and all that is needed to judge them: the centre's figure, the bounds, whose word it was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloud.detection.outcomes.moving import BY_OUTCOMES
from cloud.web.charts.scale import Line
from cloud.web.evidence.limit_lines import Movable
from cloud.web.thresholds.model import Outcome, OwnFigure

WIDTH, _EDGE = 300.0, 30.0


@dataclass(frozen=True)
class Track:
    """The way that a figure may go, and where it stands: places on a line of WIDTH."""

    least_x: float
    most_x: float
    centre_x: float
    own_x: float


@dataclass(frozen=True)
class ShownFigure:
    figure: OwnFigure
    centre: float | None
    """The figure of the centre; None where the limits file no longer has it."""
    least: float | None
    most: float | None
    track: Track | None
    outcomes: tuple[Outcome, ...]
    """The nurses' words that moved it; none where a clinician set it."""

    @property
    def by_itself(self) -> bool:
        return self.figure.author == BY_OUTCOMES


def shown(
    figures: Iterable[OwnFigure], outcomes: Iterable[Outcome], movable: Mapping[tuple[str, str], Movable]
) -> list[ShownFigure]:
    """In the order of `figures`."""
    said = list(outcomes)
    found = []
    for one in figures:
        may = movable.get((one.rule, one.metric))
        mine = tuple(
            word
            for word in said
            if one.author == BY_OUTCOMES
            and (word.rule, word.metric) == (one.rule, one.metric)
            and word.verdict_at <= one.set_at
        )
        found.append(
            ShownFigure(
                figure=one,
                centre=None if may is None else may.value,
                least=None if may is None else may.least,
                most=None if may is None else may.most,
                track=None if may is None else _track(one.value, may),
                outcomes=mine,
            )
        )
    return found


def _track(own: float, may: Movable) -> Track:
    across = Line(may.least, may.most, _EDGE, WIDTH - _EDGE)
    return Track(across.at(may.least), across.at(may.most), across.within(may.value), across.within(own))
