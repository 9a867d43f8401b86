"""An elder's time line laid out once for all that a page shows of it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud.web import labels
from cloud.web.charts.paper import Paper, lay_out
from cloud.web.charts.series import Mark, Panel
from cloud.web.evidence.limit_lines import LimitLines
from cloud.web.evidence.model import Band, Measured, Noticed, PastVisit
from cloud.web.evidence.panels import Drawer, meal
from cloud.web.evidence.time_line import TimeLine
from cloud.web.language import Language
from cloud.web.moments import clock_time
from cloud.web.values import Measures
from cloud.web.words import rules_of

MOST_ROWS = 400
"""Single readings that are listed beneath a chart."""


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
    measured: list[Measured]
    """The single readings, newest first; none for ranges drawn from daily means."""
    rows: list[str]
    """The words of each of them; of more than MOST_ROWS, and of daily means, those of each metric's days."""
    by_day: bool
    meals: bool
    """Whether a reading says on which side of a meal it was made."""
    called: bool
    """Whether a call for help stands on the chart."""
    happened: str
    """In one sentence what was noticed and who came."""


@dataclass(frozen=True)
class Gatherer:
    language: Language
    measures: Measures
    limits: LimitLines
    now: datetime

    def gather(self, read: TimeLine, *, rules: frozenset[str] | None = None, record: str = "") -> Evidence:
        """`rules` are those that the page has words about; None: those of the range's alerts. `record` is the page
        on which flags and doors lead; empty: this one."""
        zone = ZoneInfo(read.person.time_zone)
        spoken = frozenset[str]().union(*(rules_of(alert.reasons) for alert in read.alerts)) if rules is None else rules
        drawer = Drawer(self.language, self.measures, zone, self.now, self.limits, spoken)
        found = [drawer.panel(panel, read.readings, read.bands) for panel in read.wanted]
        found.append(drawer.nights(read.nights))
        panels = tuple(panel for panel in found if panel is not None)
        measured = [row for row in reversed(read.readings) if isinstance(row, Measured)]
        by_day = len(measured) > MOST_ROWS or not measured
        marks = self._marks(read, zone, record)
        papers = {
            size: lay_out(panels, marks, read.begin, read.end, zone=zone, language=self.language, size=size)
            for size in ("wide", "narrow")
            if panels
        }
        return Evidence(
            read.begin,
            read.end,
            papers.get("wide"),
            papers.get("narrow"),
            panels,
            read.bands,
            read.alerts,
            read.visits,
            measured,
            drawer.by_day(read.readings) if by_day else [drawer.dot_words(row) for row in measured],
            by_day,
            any(meal(row) for row in read.readings),
            any(mark.kind == "call" and read.begin <= mark.at <= read.end for mark in marks),
            self._happened(marks),
        )

    def _happened(self, marks: tuple[Mark, ...]) -> str:
        alerts, visits, calls = (sum(mark.kind == kind for mark in marks) for kind in ("alert", "visit", "call"))
        if not marks:
            return self.language.gettext("Nothing was noticed in this time, and no visit was made.")
        noticed = self.language.ngettext("%(n)s thing noticed", "%(n)s things noticed", alerts)
        made = self.language.ngettext("%(n)s visit made", "%(n)s visits made", visits)
        if not calls:
            return self.language.gettext("In this time: %(alerts)s, %(visits)s.", alerts=noticed, visits=made)
        return self.language.gettext(
            "In this time: %(alerts)s, %(visits)s, %(calls)s.",
            alerts=noticed,
            visits=made,
            calls=self.language.ngettext("%(n)s call for help", "%(n)s calls for help", calls),
        )

    def _marks(self, read: TimeLine, zone: ZoneInfo, record: str) -> tuple[Mark, ...]:
        noticed = [
            Mark(
                alert.raised_at,
                "alert",
                f"{labels.label(self.language, labels.CAUSES, alert.cause)}, "
                f"{clock_time(self.language, alert.raised_at, self.now, zone)}",
                f"{record}#alert-{alert.alert_id}",
            )
            for alert in read.alerts
        ]
        went = [
            Mark(
                visit.filed_at,
                "visit",
                f"{self.language.gettext('Visit')}: {visit.nurse}, "
                f"{clock_time(self.language, visit.filed_at, self.now, zone)}",
                f"{record}#visit-{visit.visit_id}",
            )
            for visit in read.visits
            if visit.filed_at is not None
        ]
        call_word = self.language.gettext("Call for help")
        called = [
            Mark(
                call.heard_at,
                "call",
                f"{call_word}: "
                f"{labels.label(self.language, labels.ALARM_KINDS, call.kind)}, "
                f"{clock_time(self.language, call.heard_at, self.now, zone)}",
                f"/alarms/{call.alarm_id}",
            )
            for call in read.calls
        ]
        return tuple(noticed + went + called)
