"""The counted figures as tables: one shape for the page and for its export, so that both say the same."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from cloud.web import labels
from cloud.web.language import N_, Language
from cloud.web.quality.model import Alerts, Counted, Kind, Marks, Promises, Waiting, sum_promises
from cloud.web.quality.small import LEAST, hidden, share


class Unit(StrEnum):
    COUNT = "count"
    SHARE = "share"
    """0 to 1."""
    SECONDS = "s"
    MARK = "mark"
    """A mean of faces, 1 to 5."""


@dataclass(frozen=True)
class Column:
    code: str
    heading: str
    """In English; a key of the catalogue."""
    unit: Unit


@dataclass(frozen=True)
class Row:
    code: str
    """Of the group, for programs; empty where it has a name alone."""
    name: str
    """In the reader's language."""
    values: tuple[float | None, ...]
    """By the table's columns; None: too few to say."""
    hidden: bool = False
    """Its figures are too small, or would tell those of another row."""
    all: bool = False
    """The sum of the others."""


@dataclass(frozen=True)
class Table:
    code: str
    title: str
    """In English; a key of the catalogue."""
    group: str
    """What its rows are: a key of the catalogue."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


WAITED = {
    "call_taken": N_("A call until somebody took it"),
    "call_door": N_("A call until somebody was at the door"),
    "alert_accepted": N_("Something noticed until a nurse accepted"),
    "urgent_door": N_("Something urgent noticed until somebody was at the door"),
    "alert_door": N_("Something less urgent noticed until somebody was at the door"),
    "request_door": N_("A wish until somebody was at the door"),
}
_KEPT = (
    Column("due", N_("Due"), Unit.COUNT),
    Column("kept_share", N_("Kept"), Unit.SHARE),
    Column("kept", N_("In time"), Unit.COUNT),
    Column("late", N_("Too late"), Unit.COUNT),
    Column("missed", N_("Nobody came yet"), Unit.COUNT),
    Column("to_come", N_("To come"), Unit.COUNT),
    Column("cancelled", N_("Called off"), Unit.COUNT),
)
_MARKS = (
    Column("n", N_("Assessments"), Unit.COUNT),
    Column("mean", N_("Mean mark"), Unit.MARK),
    Column("content_share", N_("Good or very good"), Unit.SHARE),
    Column("low", N_("Bad or very bad"), Unit.COUNT),
)


def tables(counted: Counted, language: Language) -> list[Table]:
    """In the order of the page. A table without a row stays away, and so do regions where there is only one."""
    by_priority, by_region = _promises(counted.promises, language)
    found = [
        by_priority,
        by_region,
        _waiting(counted.waiting, language),
        _kinds(counted.kinds, language),
        _alerts(counted.alerts, language),
        _marks(counted.marks, "region", language),
        _marks(counted.marks, "nurse", language),
    ]
    return [table for table in found if table.rows]


def _promises(rows: Sequence[Promises], language: Language) -> tuple[Table, Table]:
    def values(row: Promises) -> tuple[float | None, ...]:
        return (row.due, share(row.kept, row.due), row.kept, row.late, row.missed, row.to_come, row.cancelled)

    priorities = [
        sum_promises([row for row in rows if row.priority == code], priority=code)
        for code in labels.PRIORITIES
        if any(row.priority == code for row in rows)
    ]
    regions = [
        sum_promises([row for row in rows if row.region_id == region_id], region=name)
        for region_id, name in dict.fromkeys((row.region_id, row.region) for row in rows)
    ]
    whole = values(sum_promises(rows)) if rows else ()
    first = _table(
        "promises_by_priority", N_("Promises kept"), N_("Priority"), _KEPT, priorities, values,
        lambda row: (row.priority, labels.label(language, labels.PRIORITIES, row.priority)),
        _size, language, whole,
    )  # fmt: skip
    second = _table(
        "promises_by_community", N_("Promises kept, by community"), N_("Community"), _KEPT, regions, values,
        lambda row: ("", row.region), _size, language, whole,
    )  # fmt: skip
    return first, second if len(regions) > 1 else replace(second, rows=())


def _size(row: Promises) -> int:
    return row.due + row.to_come + row.cancelled


def _waiting(rows: Sequence[Waiting], language: Language) -> Table:
    columns = (
        Column("n", N_("Times"), Unit.COUNT),
        Column("median", N_("Half within"), Unit.SECONDS),
        Column("p90", N_("Nine of ten within"), Unit.SECONDS),
    )
    return _table(
        "waiting", N_("How long people waited"), N_("From what to what"), columns, rows,
        lambda row: (row.n, row.median_s, row.p90_s),
        lambda row: (row.what, language.gettext(WAITED[row.what])), lambda row: row.n, language,
        overlap=True,
    )  # fmt: skip


def _kinds(rows: Sequence[Kind], language: Language) -> Table:
    columns = (
        Column("n", N_("In all"), Unit.COUNT),
        Column("made", N_("Made"), Unit.COUNT),
        Column("open", N_("Still open"), Unit.COUNT),
        Column("cancelled", N_("Called off"), Unit.COUNT),
    )

    def values(row: Kind) -> tuple[float | None, ...]:
        return (row.n, row.made, row.open, row.cancelled)

    return _table(
        "visits_by_kind", N_("Visits by kind"), N_("What asked for it"), columns, rows, values,
        lambda row: (row.kind, labels.label(language, labels.VISIT_KINDS, row.kind)), lambda row: row.n, language,
        _sum(values(row) for row in rows),
    )  # fmt: skip


def _alerts(rows: Sequence[Alerts], language: Language) -> Table:
    columns = (
        Column("n", N_("Noticed"), Unit.COUNT),
        Column("right", N_("Right"), Unit.COUNT),
        Column("technique", N_("Measuring technique"), Unit.COUNT),
        Column("false", N_("False alert"), Unit.COUNT),
        Column("unjudged", N_("Without a verdict"), Unit.COUNT),
        Column("open", N_("Still open"), Unit.COUNT),
        Column("right_share", N_("Right of those judged"), Unit.SHARE),
    )

    def counts(row: Alerts) -> tuple[int, ...]:
        return (row.n, row.right, row.technique, row.false, row.unjudged, row.open)

    sums = _sum(counts(row) for row in rows)
    judged = sum(row.judged for row in rows)
    whole = (*sums, share(sum(row.right for row in rows), judged)) if rows else ()
    return _table(
        "alerts_by_cause", N_("Right and false alerts"), N_("Cause"), columns, rows,
        lambda row: (*counts(row), share(row.right, row.judged)),
        lambda row: (row.cause, labels.label(language, labels.CAUSES, row.cause)), lambda row: row.n, language, whole,
    )  # fmt: skip


def _marks(rows: Sequence[Marks], of: str, language: Language) -> Table:
    chosen = [row for row in rows if row.of == of]

    def values(n: int, total: int, content: int, low: int) -> tuple[float | None, ...]:
        return (n, total / n if n >= LEAST else None, share(content, n), low)

    whole = (
        values(*(int(sum(counts)) for counts in zip(*((r.n, r.total, r.content, r.low) for r in chosen), strict=True)))
        if chosen
        else ()
    )
    by_nurse = of == "nurse"
    return _table(
        f"assessments_by_{'nurse' if by_nurse else 'community'}",
        N_("Elders' assessments, by nurse") if by_nurse else N_("Elders' assessments, by community"),
        N_("Nurse") if by_nurse else N_("Community"), _MARKS, chosen,
        lambda row: values(row.n, row.total, row.content, row.low), lambda row: ("", row.name), lambda row: row.n,
        language, whole,
    )  # fmt: skip


R = TypeVar("R")


def _table(  # noqa: PLR0917 - a table is what it is made of
    code: str,
    title: str,
    group: str,
    columns: tuple[Column, ...],
    rows: Sequence[R],
    values: Callable[[R], tuple[float | None, ...]],
    named: Callable[[R], tuple[str, str]],
    size: Callable[[R], int],
    language: Language,
    whole: tuple[float | None, ...] = (),
    *,
    overlap: bool = False,
) -> Table:
    """`whole` is the row of all; `overlap`: the rows are no parts of one whole, so none tells of another."""
    sizes = {place: size(row) for place, row in enumerate(rows)}
    without = frozenset(place for place, n in sizes.items() if n < LEAST) if overlap else hidden(sizes)
    made = [
        Row(*named(row), (None,) * len(columns) if place in without else values(row), hidden=place in without)
        for place, row in enumerate(rows)
    ]
    if whole and len(made) > 1:
        few = sum(sizes.values()) < LEAST
        made.append(Row("all", language.gettext("All"), (None,) * len(whole) if few else whole, hidden=few, all=True))
    return Table(code, title, group, columns, tuple(made))


def _sum(rows: Iterable[tuple[float | None, ...]]) -> tuple[float, ...]:
    """Column by column; nothing where there is no row."""
    return tuple(sum(value or 0 for value in column) for column in zip(*rows, strict=True))
