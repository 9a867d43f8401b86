"""Everything a page shows of an elder's time line, read and laid out once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.db.pool import AsyncConnection
from cloud.web import labels
from cloud.web.charts.paper import Paper, lay_out
from cloud.web.charts.series import Mark, Panel
from cloud.web.evidence import store
from cloud.web.evidence.limit_lines import LimitLines
from cloud.web.evidence.model import Band, Daily, Measured, Noticed, PastVisit, Person
from cloud.web.evidence.panels import PANELS, Drawer
from cloud.web.language import Language
from cloud.web.moments import clock_time
from cloud.web.values import Measures
from cloud.web.words import rules_of

RAW_DAYS = 90
"""Longer ranges are drawn from daily means."""


@dataclass(frozen=True)
class Evidence:
    begin: datetime
    end: datetime
    wide: Paper | None
    """None where nothing was measured in the range."""
    narrow: Paper | None
    panels: tuple[Panel, ...]
    bands: dict[str, Band]
    alerts: list[Noticed]
    visits: list[PastVisit]
    rows: list[tuple[Measured, str]]
    """The single readings, newest first, each with its words; none for ranges drawn from daily means."""


@dataclass(frozen=True)
class Gatherer:
    language: Language
    measures: Measures
    limits: LimitLines
    now: datetime

    async def gather(
        self,
        conn: AsyncConnection,
        person: Person,
        days: int,
        wanted: tuple[tuple[str, ...], ...] = PANELS,
        *,
        with_nights: bool = False,
        rules: frozenset[str] | None = None,
        record: str = "",
    ) -> Evidence:
        """The last `days`, in the panels `wanted`. `rules` are those that the page has words about; None: those of
        the range's alerts. `record` is the page on which flags and doors lead; empty: this one."""
        zone = ZoneInfo(person.time_zone)
        end = self.now
        begin = end - timedelta(days=days)
        alerts = await store.noticed(conn, person.elder_id, begin)
        spoken = frozenset[str]().union(*(rules_of(alert.reasons) for alert in alerts)) if rules is None else rules
        drawer = Drawer(self.language, self.measures, zone, self.now, self.limits, spoken)
        metrics = [metric for metrics in wanted for metric in metrics]
        bands = await store.bands(conn, person.elder_id)
        single: list[Measured] = []
        rows: list[Measured] | list[Daily]
        if days <= RAW_DAYS:
            rows = single = await store.readings(conn, person.elder_id, metrics, begin, end)
        else:
            rows = await store.days(conn, person.elder_id, metrics, begin, end)
        found = [drawer.panel(panel, rows, bands) for panel in wanted]
        if with_nights:
            found.append(drawer.nights(await store.nights(conn, person.elder_id, begin, end, person.time_zone)))
        panels = tuple(panel for panel in found if panel is not None)
        visits = await store.past_visits(conn, person.elder_id, begin)
        marks = self._marks(alerts, visits, zone, record)
        return Evidence(
            begin,
            end,
            lay_out(panels, marks, begin, end, zone=zone, language=self.language, size="wide") if panels else None,
            lay_out(panels, marks, begin, end, zone=zone, language=self.language, size="narrow") if panels else None,
            panels,
            bands,
            alerts,
            visits,
            [(row, drawer.dot_words(row)) for row in reversed(single)],
        )

    def _marks(self, alerts: list[Noticed], visits: list[PastVisit], zone: ZoneInfo, record: str) -> tuple[Mark, ...]:
        noticed = [
            Mark(
                alert.raised_at,
                "alert",
                f"{labels.label(self.language, labels.CAUSES, alert.cause)}, "
                f"{clock_time(self.language, alert.raised_at, self.now, zone)}",
                f"{record}#alert-{alert.alert_id}",
            )
            for alert in alerts
        ]
        went = [
            Mark(
                visit.filed_at,
                "visit",
                f"{self.language.gettext('Visit')}: {visit.nurse}, "
                f"{clock_time(self.language, visit.filed_at, self.now, zone)}",
                f"{record}#visit-{visit.visit_id}",
            )
            for visit in visits
            if visit.filed_at is not None
        ]
        return tuple(noticed + went)
