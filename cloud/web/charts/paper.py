"""Places on the paper: panels under one another over one time axis, flags and doors in a lane at the foot.

All numbers are SVG user units; colours and fonts belong to the stylesheet. The same panels are laid out once wide and
once narrow, so that words keep their size on a phone.
"""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, median
from zoneinfo import ZoneInfo

from cloud.web.charts.scale import Line, round_edges, tick_days
from cloud.web.charts.series import Dot, LimitLine, Mark, Panel, Series
from cloud.web.language import Language
from cloud.web.moments import day

_LEFT, _TOP, _AXIS, _LANE, _BETWEEN = 34.0, 22.0, 22.0, 24.0, 12.0
_SHORTEST_GAP = timedelta(hours=60)
_LABEL_HEIGHT = 13.0
_NARROW_TYPE = 12 / 11
"""Words on a phone's paper are that much larger."""
_BETWEEN_WORDS = 6.0
_MOST_LIMITS = 4
"""Lines of a panel, unless words beside it speak of more."""
_FEW_DOTS = 150
"""Up to so many dots of a series say their words where they are pointed at; more are drawn as one path."""
_MEAL_GAP, _MEAL_LENGTH = 3.5, 4.5
_NEAR = 0.3
"""How far beyond its values, in parts of their span, a metric's limits are drawn."""


@dataclass(frozen=True)
class PlacedDot:
    x: float
    y: float
    dot: Dot


@dataclass(frozen=True)
class PlacedSeries:
    series: Series
    number: int
    dots: tuple[PlacedDot, ...]
    """Those drawn one by one, each with its words: all of a few, else what is out of the ordinary and the last."""
    cloud: str
    """The others as a path of points."""
    doubtful_cloud: str
    path: str
    """Line through the dots, broken where nothing was heard."""
    before_meals: str
    """A stroke beneath each reading before a meal."""
    after_meals: str
    """And one above each after a meal."""
    band: tuple[float, float] | None
    """Top and height."""
    last_words: str
    last_y: float


@dataclass(frozen=True)
class PlacedLimit:
    y: float
    label_y: float
    """The middle of its words, which stand in the gutter; other than `y` where lines are close."""
    limit: LimitLine


@dataclass(frozen=True)
class PlacedBar:
    x: float
    y: float
    height: float
    words: str


@dataclass(frozen=True)
class PlacedPanel:
    panel: Panel
    top: float
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    series: tuple[PlacedSeries, ...]
    limits: tuple[PlacedLimit, ...]
    gaps: tuple[tuple[float, float], ...]
    """Left and width of each stretch without a reading."""
    bars: tuple[PlacedBar, ...]
    bar_width: float


@dataclass(frozen=True)
class PlacedMark:
    x: float
    mark: Mark


@dataclass(frozen=True)
class Paper:
    width: float
    height: float
    left: float
    gutter: float
    """Where limits begin; their words stand between `left` and here, so that they hide no dot."""
    right: float
    panels: tuple[PlacedPanel, ...]
    days: tuple[tuple[float, str], ...]
    marks: tuple[PlacedMark, ...]
    lane: float
    size: str


def lay_out(
    panels: tuple[Panel, ...],
    marks: tuple[Mark, ...],
    begin: datetime,
    end: datetime,
    *,
    zone: ZoneInfo,
    language: Language,
    size: str,
) -> Paper:
    """`panels` over [begin, end]; `size` is wide (a desk, 760 units) or narrow (a phone, 326 units: one a pixel)."""
    width, panel_height, edge = (760.0, 170.0, 46.0) if size == "wide" else (326.0, 160.0, 36.0)
    right = width - edge
    gutter = _LEFT + max((_words_width(limit) for panel in panels for limit in _near_limits(panel)), default=0.0)
    across = Line(begin.timestamp(), end.timestamp(), gutter, right)
    placed, top = [], _TOP
    for panel in panels:
        height = panel_height * (0.45 if panel.bars else 1.0)
        placed.append(_place_panel(panel, across, top, top + height))
        top += height + _BETWEEN + _TOP
    lane = top - _TOP - _BETWEEN + 4
    shown = [mark for mark in marks if begin <= mark.at <= end]
    lane_height = _LANE if shown else 0.0
    ticks = tick_days(begin, end, zone, 8 if size == "wide" else 4)
    return Paper(
        width=width,
        height=lane + lane_height + _AXIS,
        left=_LEFT,
        gutter=gutter,
        right=right,
        panels=tuple(placed),
        days=_day_labels([(across.at(tick.timestamp()), day(language, tick.date())) for tick in ticks]),
        marks=tuple(PlacedMark(across.at(mark.at.timestamp()), mark) for mark in shown),
        lane=lane,
        size=size,
    )


def _place_panel(panel: Panel, across: Line, top: float, bottom: float) -> PlacedPanel:
    low, high, ticks = _edges(panel)
    up = Line(low, high, bottom, top)
    dots = [dot for series in panel.series for dot in series.dots]
    bar_width = max(1.5, (across.end - across.start) / max((across.high - across.low) / 86400, 1) * 0.7)
    return PlacedPanel(
        panel=panel,
        top=top,
        bottom=bottom,
        ticks=tuple((up.at(tick), f"{tick:.{panel.decimals}f}" if tick % 1 else f"{tick:.0f}") for tick in ticks),
        series=() if panel.bars else _place_series(panel, across, up),
        limits=_place_limits(panel, up),
        gaps=() if panel.bars else tuple(_gaps(dots, across)),
        bars=tuple(_bar(dot, across, up, bar_width) for dot in dots) if panel.bars else (),
        bar_width=bar_width,
    )


def _edges(panel: Panel) -> tuple[float, float, list[float]]:
    values = [value for series in panel.series for value in _measured(series)]
    if panel.bars:
        return round_edges(0, max([*values, 1]), 2)
    if not values:
        return round_edges(0, 1, 2)
    values += [limit.value for limit in _near_limits(panel)]
    return round_edges(min(values), max(values))


def _measured(series: Series) -> list[float]:
    """What the value axis has to hold: the band and the dots; a HI or LO stands at the edge wherever that is."""
    inner = [dot.value for dot in series.dots if not dot.bound] or [dot.value for dot in series.dots]
    return inner + list(series.band or ())


def _near_limits(panel: Panel) -> list[LimitLine]:
    """Limits that a value of their metric may soon meet; a line far from every dot only hides the others."""
    near = []
    for series in panel.series:
        values = _measured(series)
        reach = (max(values) - min(values)) * _NEAR
        near += [
            limit
            for limit in panel.limits
            if limit.metric == series.metric and min(values) - reach <= limit.value <= max(values) + reach
        ]
    return near


def _place_series(panel: Panel, across: Line, up: Line) -> tuple[PlacedSeries, ...]:
    ends = [up.at(series.dots[-1].value) if series.dots else 0.0 for series in panel.series]
    labels = _apart(ends)
    placed = []
    for number, series in enumerate(panel.series):
        dots = tuple(PlacedDot(across.at(dot.at.timestamp()), up.within(dot.value), dot) for dot in series.dots)
        band = None
        if series.band is not None:
            band_top, band_bottom = up.within(series.band[1]), up.within(series.band[0])
            band = (band_top, band_bottom - band_top)
        last = f"{series.dots[-1].value:.{panel.decimals}f}" if series.dots else ""
        single = dots if len(dots) <= _FEW_DOTS else tuple(one for one in dots[:-1] if one.dot.bound) + dots[-1:]
        rest = () if len(dots) <= _FEW_DOTS else tuple(one for one in dots[:-1] if not one.dot.bound)
        placed.append(
            PlacedSeries(
                series,
                number,
                single,
                _cloud(one for one in rest if not one.dot.doubtful),
                _cloud(one for one in rest if one.dot.doubtful),
                _path(dots),
                _strokes((one for one in dots if one.dot.meal == "before"), 1),
                _strokes((one for one in dots if one.dot.meal == "after"), -1),
                band,
                last,
                labels[number],
            )
        )
    return tuple(placed)


def _cloud(dots: Iterable[PlacedDot]) -> str:
    """Lines of no length, which the stylesheet gives round ends."""
    return "".join(f"M{one.x:.1f} {one.y:.1f}h0" for one in dots)


def _strokes(dots: Iterable[PlacedDot], down: int) -> str:
    return "".join(f"M{one.x:.1f} {one.y + down * _MEAL_GAP:.1f}v{down * _MEAL_LENGTH}" for one in dots)


def _place_limits(panel: Panel, up: Line) -> tuple[PlacedLimit, ...]:
    shown = _uncrowded(_near_limits(panel), up)
    labels = _apart([up.at(limit.value) for limit in shown])
    return tuple(PlacedLimit(up.at(limit.value), label, limit) for limit, label in zip(shown, labels, strict=True))


def _uncrowded(limits: list[LimitLine], up: Line) -> list[LimitLine]:
    """Those that words speak of, and of the others, the urgent first, what has room beside them; in their order."""
    kept: list[LimitLine] = []
    for limit in sorted(limits, key=lambda limit: (not limit.spoken, limit.rank)):
        near = any(abs(up.at(limit.value) - up.at(other.value)) < _LABEL_HEIGHT for other in kept)
        if limit.spoken or (not near and len(kept) < _MOST_LIMITS):
            kept.append(limit)
    return [limit for limit in limits if limit in kept]


def _words_width(limit: LimitLine) -> float:
    return 10.0 + _text_width(limit.words)


def _text_width(text: str) -> float:
    """About how wide it is at 11 units: Han glyphs are square, others a little over half of it."""
    return sum(11.0 if ord(sign) > 0x2E80 else 6.6 for sign in text)


def _day_labels(days: list[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Every day keeps its line; those words go that would touch a later day's."""
    placed: list[tuple[float, str]] = []
    free_up_to = math.inf
    for x, words in reversed(days):
        half = (_text_width(words) * _NARROW_TYPE + _BETWEEN_WORDS) / 2
        placed.append((x, words if x + half <= free_up_to else ""))
        free_up_to = x - half if placed[-1][1] else free_up_to
    return tuple(reversed(placed))


def _apart(places: list[float]) -> list[float]:
    """The places moved up and down as little as may be until no two labels overlap; order is kept."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    groups: list[list[int]] = []  # labels that touch, each group spread about the middle of its places
    for index in order:
        groups.append([index])
        while len(groups) > 1 and _first(groups[-1], places) - _last(groups[-2], places) < _LABEL_HEIGHT:
            groups[-2:] = [groups[-2] + groups[-1]]
    moved = [0.0] * len(places)
    for group in groups:
        for step, index in enumerate(group):
            moved[index] = _first(group, places) + step * _LABEL_HEIGHT
    return moved


def _first(group: list[int], places: list[float]) -> float:
    return fmean(places[index] for index in group) - (len(group) - 1) * _LABEL_HEIGHT / 2


def _last(group: list[int], places: list[float]) -> float:
    return _first(group, places) + (len(group) - 1) * _LABEL_HEIGHT


def longest_usual_gap(times: list[datetime]) -> timedelta:
    """A silence longer than this is a gap: three times the usual distance, and 60 hours at least."""
    distances = [later - earlier for earlier, later in itertools.pairwise(times)]
    if not distances:
        return _SHORTEST_GAP
    usual = timedelta(seconds=median(distance.total_seconds() for distance in distances))
    return max(_SHORTEST_GAP, usual * 3)


def _gaps(dots: list[Dot], across: Line) -> list[tuple[float, float]]:
    times = sorted(dot.at for dot in dots)
    longest = longest_usual_gap(times)
    found = []
    for earlier, later in itertools.pairwise(times):
        if later - earlier > longest:
            left, right = across.at(earlier.timestamp()) + 4, across.at(later.timestamp()) - 4
            if right > left:
                found.append((left, right - left))
    return found


def _path(dots: tuple[PlacedDot, ...]) -> str:
    longest = longest_usual_gap([placed.dot.at for placed in dots])
    parts: list[str] = []
    previous: datetime | None = None
    for placed in dots:
        if placed.dot.bound:  # no number, no line
            previous = None
            continue
        begins = previous is None or placed.dot.at - previous > longest
        parts.append(f"{'M' if begins else 'L'}{placed.x:.1f} {placed.y:.1f}")
        previous = placed.dot.at
    return "".join(parts)


def _bar(dot: Dot, across: Line, up: Line, width: float) -> PlacedBar:
    top = up.at(dot.value)
    return PlacedBar(across.within(dot.at.timestamp()) - width / 2, top, max(up.start - top, 0.0), dot.words)
