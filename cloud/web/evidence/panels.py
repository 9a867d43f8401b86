"""From rows to charts: which metrics speak of a cause, what a dot says, and the same in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import fmean
from zoneinfo import ZoneInfo

from cloud.detection.model import DOUBTFUL_FLAGS
from cloud.web import labels
from cloud.web.charts.series import Bound, Dot, LimitLine, Meal, Panel, Series
from cloud.web.charts.thinning import Point, thinned
from cloud.web.evidence.limit_lines import LimitLines
from cloud.web.evidence.model import Band, Daily, Measured, Night
from cloud.web.language import Language
from cloud.web.moments import clock_time, day
from cloud.web.values import Measures, long_name, short_name
from protocols.reading import Flag

PANELS: tuple[tuple[str, ...], ...] = (("systolic", "diastolic"), ("glucose",), ("pulse",))
"""Metrics that share a panel, in the order of the record."""
CHARTED = tuple(metric for metrics in PANELS for metric in metrics)
METRICS_OF_CAUSE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "blood_pressure": (("systolic", "diastolic"),),
    "pulse": (("pulse",),),
    "hypoglycaemia": (("glucose",),),
    "hyperglycaemia": (("glucose",),),
}
"""The panels that a nurse needs to judge a cause; for any other, all of them."""

COLUMNS = 120
"""Of the paper, each of which shows at most the first, last, lowest and highest reading of its time."""


@dataclass(frozen=True)
class Drawer:
    """Makes panels for one reader and one home."""

    language: Language
    measures: Measures
    zone: ZoneInfo
    now: datetime
    limits: LimitLines
    spoken: frozenset[str] = frozenset()
    """Rules that the page has words about."""
    _said: dict[int, str] = field(default_factory=dict, repr=False)
    """Words of each row by its identity: the charts and the list below them say the same."""

    def panel(
        self, metrics: Sequence[str], rows: Sequence[Measured | Daily], bands: Mapping[str, Band]
    ) -> Panel | None:
        """One panel, or None where none of its metrics has a reading."""
        of_metric = {metric: [row for row in rows if row.metric == metric] for metric in metrics}
        series = tuple(self._series(metric, found, bands.get(metric)) for metric, found in of_metric.items() if found)
        if not series:
            return None
        name = short_name if len(series) > 1 else long_name  # two long ones do not fit a phone
        names = " / ".join(name(self.language, one.metric) for one in series)
        unit = self.measures.unit(metrics[0])
        return Panel(
            title=names,
            unit=unit,
            decimals=1 if metrics[0] == "glucose" and unit == "mmol/L" else 0,
            series=series,
            limits=tuple(line for one in series for line in self._limits(one.metric, named=len(series) > 1)),
            description=" ".join(self._sentence(one, of_metric[one.metric]) for one in series),
        )

    def nights(self, nights: Sequence[Night]) -> Panel | None:
        if not nights:
            return None
        dots = tuple(
            Dot(
                datetime(night.morning.year, night.morning.month, night.morning.day, 3, tzinfo=self.zone),
                float(night.movements),
                words=self.language.gettext(
                    "night to %(day)s: %(count)s movements",
                    day=day(self.language, night.morning),
                    count=night.movements,
                ),
            )
            for night in nights
        )
        title = self.language.gettext("Bathroom, 22:00 to 06:00")
        counts = [night.movements for night in nights]
        said = self.language.gettext(
            "%(nights)s nights with movement, mean %(mean)s, most %(most)s.",
            nights=len(counts),
            mean=f"{fmean(counts):.0f}",
            most=max(counts),
        )
        return Panel(title, "", 0, (Series("motion", title, dots),), bars=True, description=said)

    def dot_words(self, row: Measured | Daily) -> str:
        """All there is to say of a reading: "Sys 184 mmHg, 22 Nov 07:40; cuff too loose". `row` outlives the drawer."""
        words = self._said.get(id(row))
        if words is None:
            words = self._said[id(row)] = self._words(row)
        return words

    def _words(self, row: Measured | Daily) -> str:
        name, value = short_name(self.language, row.metric), self.measures.text(row.metric, row.value)
        if isinstance(row, Daily):
            return self.language.gettext(
                "%(name)s %(value)s, mean of %(count)s on %(day)s; %(low)s to %(high)s",
                name=name,
                value=value,
                count=row.count,
                day=day(self.language, row.measured_at.astimezone(self.zone).date()),
                low=self.measures.number(row.metric, row.low),
                high=self.measures.number(row.metric, row.high),
            )
        moment = clock_time(self.language, row.measured_at, self.now, self.zone)
        said = [self.language.gettext(", ").join((f"{name} {value}", moment))]
        said += [labels.label(self.language, labels.FLAGS, flag) for flag in row.flags]
        if row.meal:
            said.append(labels.label(self.language, labels.MEALS, row.meal))
        return self.language.gettext("; ").join(said)

    def _limits(self, metric: str, *, named: bool) -> tuple[LimitLine, ...]:
        return self.limits.of(metric, self.language, self.measures, spoken=self.spoken, named=named)

    def _series(self, metric: str, rows: Sequence[Measured | Daily], band: Band | None) -> Series:
        place = None
        if band is not None:
            place = (self.measures.scaled(metric, band.low), self.measures.scaled(metric, band.high))
        points = [Point(row.measured_at.timestamp(), row.value, bound(row) or str(doubtful(row))) for row in rows]
        dots = tuple(
            Dot(
                row.measured_at,
                self.measures.scaled(metric, row.value),
                doubtful=doubtful(row),
                bound=bound(row),
                meal=meal(row),
                words=self.dot_words(row),
            )
            for row in (rows[place] for place in thinned(points, COLUMNS))
        )
        return Series(metric, short_name(self.language, metric), dots, place)

    def _sentence(self, series: Series, rows: Sequence[Measured | Daily]) -> str:
        """Of all `rows`, also of those for which there is no dot."""
        metric = series.metric
        values = [self.measures.scaled(metric, row.value) for row in rows]
        said = [
            self.language.gettext(
                "%(name)s: %(count)s values from %(low)s to %(high)s, mean %(mean)s; last %(last)s.",
                name=long_name(self.language, metric),
                count=len(values),
                low=self._number(metric, min(values)),
                high=self._number(metric, max(values)),
                mean=self._number(metric, fmean(values)),
                last=series.dots[-1].words,
            )
        ]
        if series.band is not None:
            low, high = series.band
            said.append(
                self.language.gettext(
                    "Usual %(low)s to %(high)s; %(outside)s outside.",
                    low=self._number(metric, low),
                    high=self._number(metric, high),
                    outside=sum(not low <= value <= high for value in values),
                )
            )
        before, after = (
            [value for value, row in zip(values, rows, strict=True) if meal(row) == when]
            for when in ("before", "after")
        )
        if before and after:
            said.append(
                self.language.gettext(
                    "Mean before meals %(before)s, after meals %(after)s.",
                    before=self._number(metric, fmean(before)),
                    after=self._number(metric, fmean(after)),
                )
            )
        return " ".join(said)

    def _number(self, metric: str, scaled: float) -> str:
        return f"{scaled:.{self.measures.decimals(metric)}f}"

    def by_day(self, rows: Sequence[Measured | Daily]) -> list[str]:
        """What there is to say of each metric's days, newest first."""
        days: dict[tuple[date, str], list[Measured]] = {}
        found = [row for row in rows if isinstance(row, Daily)]
        for row in rows:
            if isinstance(row, Measured):
                days.setdefault((row.measured_at.astimezone(self.zone).date(), row.metric), []).append(row)
        for (_, metric), of_day in days.items():
            values = [row.value for row in of_day]
            found.append(Daily(metric, of_day[0].measured_at, fmean(values), min(values), max(values), len(values)))
        return [self._words(row) for row in sorted(found, key=lambda row: row.measured_at, reverse=True)]


def doubtful(row: Measured | Daily) -> bool:
    return isinstance(row, Measured) and any(flag in DOUBTFUL_FLAGS for flag in row.flags)


def bound(row: Measured | Daily) -> Bound:
    if isinstance(row, Measured) and Flag.ABOVE_RANGE in row.flags:
        return "HI"
    if isinstance(row, Measured) and Flag.BELOW_RANGE in row.flags:
        return "LO"
    return ""


def meal(row: Measured | Daily) -> Meal:
    """On which side of a meal it was measured, where that was said."""
    if isinstance(row, Daily) or row.meal is None:
        return ""
    return "after" if row.meal == "after_meal" else "before" if row.meal in ("before_meal", "fasting") else ""
