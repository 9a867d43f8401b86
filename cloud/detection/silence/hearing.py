"""Who was heard of a home, as supervision knows it: its gateways, and the meters that its elder uses. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from cloud.detection.columns import DAY_US, HOUR_US, utc_of_local
from protocols.reading import Metric

Span = tuple[int, int]
"""Microseconds of UTC: from, and until."""
_LOST_US = 6 * HOUR_US  # of a day: what was measured then may not have been heard


@dataclass(frozen=True)
class Meter:
    """What a gateway said last of a meter."""

    heard_us: int | None
    """When it was near and switched on: somebody used it."""
    trouble: bool


@dataclass(frozen=True)
class Hearing:
    silent: tuple[Span, ...] = ()
    """When no gateway of the home was heard; oldest first, apart from each other."""
    meters: Mapping[Metric, tuple[Meter, ...]] = field(default_factory=dict)

    def is_silent_at(self, us: int) -> bool:
        return any(begin <= us < end for begin, end in self.silent)

    def was_silent(self, begin_us: int, end_us: int) -> bool:
        """At any moment between."""
        return any(begin < end_us and begin_us < end for begin, end in self.silent)

    def lost_days(self, first_day: int, last_day: int, zone: tzinfo) -> int:
        """On how many of these days of the home's calendar, both among them, the home was silent for hours."""
        if not self.silent:
            return 0
        return sum(self._lost_us(day, zone) >= _LOST_US for day in range(first_day, last_day + 1))

    def _lost_us(self, day: int, zone: tzinfo) -> int:
        begin, end = (utc_of_local(one * DAY_US, zone) for one in (day, day + 1))
        return sum(max(min(end, until) - max(begin, since), 0) for since, until in self.silent)


def silent_spans(gateways: Iterable[Sequence[Span]]) -> tuple[Span, ...]:
    """When all of them were silent at once. A home of which no gateway was ever heard has none: it is not known."""
    common: list[Span] | None = None
    for spans in gateways:
        own = _joined(spans)
        common = own if common is None else [*_both(common, own)]
    return tuple(common or ())


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _both(one: Sequence[Span], other: Sequence[Span]) -> Iterable[Span]:
    for begin, end in one:
        for since, until in other:
            if max(begin, since) < min(end, until):
                yield max(begin, since), min(end, until)
