"""The quality page's pure parts: days, small numbers, tables, and a CSV that no spreadsheet runs."""

import csv
import io
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.web.language import Language
from cloud.web.quality.export import COLUMNS, to_csv
from cloud.web.quality.model import LONGEST_DAYS, Alerts, Counted, Kind, Marks, Promises, Waiting, span_of
from cloud.web.quality.small import LEAST, hidden
from cloud.web.quality.view import Table, tables
from cloud.web.spreadsheet import to_csv as spread

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("first", "last", "days", "wanted"),
    [
        (None, None, 7, (date(2026, 11, 16), TODAY)),
        (date(2026, 11, 1), None, 30, (date(2026, 11, 1), TODAY)),
        (date(2026, 11, 9), date(2026, 11, 2), 30, (date(2026, 11, 2), date(2026, 11, 9))),
        (date(2026, 11, 1), date(2030, 1, 1), 30, (date(2026, 11, 1), TODAY)),
        (date(2027, 1, 1), date(2027, 2, 1), 30, (TODAY, TODAY)),
        (None, date(2026, 10, 31), 2, (date(2026, 10, 30), date(2026, 10, 31))),
    ],
)
def test_days_are_put_right(first: date | None, last: date | None, days: int, wanted: tuple[date, date]) -> None:
    span = span_of(first, last, days, TODAY, ZONE)
    assert (span.first, span.last) == wanted
    assert span.begin.isoformat() == f"{wanted[0]}T00:00:00+08:00"


def test_a_span_is_a_year_at_most() -> None:
    span = span_of(date(1990, 1, 1), TODAY, 30, TODAY, ZONE)
    assert (span.days, span.last) == (LONGEST_DAYS, TODAY)


@given(st.dictionaries(st.integers(), st.integers(0, 40), max_size=8))
def test_what_is_hidden_cannot_be_told_from_the_sum(counts: dict[int, int]) -> None:
    without = hidden(counts)
    assert {key for key, count in counts.items() if 0 < count < LEAST} <= without
    together = sum(counts[key] for key in without)
    shown = [key for key, count in counts.items() if count and key not in without]
    assert together == 0 or together >= LEAST or not shown


def create_marks(name: str, n: int, of: str = "nurse") -> Marks:
    return Marks(of, hash(name) % 1000, name, n, n * 4, n, 0)


def create_counted(*marks: Marks) -> Counted:
    return Counted(
        promises=[
            Promises(1, "颐和路社区", "now", 6, 1, 0, 0, 1),
            Promises(1, "颐和路社区", "today", 20, 3, 1, 2, 0),
            Promises(2, "宁海路街道", "today", 3, 0, 0, 0, 0),
        ],
        waiting=[Waiting("call_taken", 12, 41.0, 90.0), Waiting("call_door", 2, 600.0, 700.0)],
        kinds=[Kind("alert", 20, 1, 2), Kind("request", 1, 0, 0)],
        alerts=[Alerts("pulse", 6, 1, 2, 0, 1), Alerts("hypoglycaemia", 1, 0, 0, 0, 0)],
        marks=marks,
        reports=30,
    )


def table(counted: Counted, code: str, language: Language) -> Table:
    return next(one for one in tables(counted, language) if one.code == code)


def test_small_rows_take_a_neighbour_with_them(english: Language) -> None:
    counted = create_counted(create_marks("陈", 2), create_marks("赵", 7), create_marks("周", 30))
    by_nurse = table(counted, "assessments_by_nurse", english)
    assert [(row.name, row.hidden) for row in by_nurse.rows] == [
        ("陈", True), ("赵", True), ("周", False), ("All", False),
    ]  # fmt: skip
    assert by_nurse.rows[0].values == (None,) * 4
    assert by_nurse.rows[-1].values == (39, 4.0, 1.0, 0)


def test_tables_say_what_was_counted(english: Language, chinese: Language) -> None:
    counted = create_counted()
    by_priority = table(counted, "promises_by_priority", english)
    assert [row.values for row in by_priority.rows] == [
        (7, 6 / 7, 6, 1, 0, 0, 1),
        (27, 23 / 27, 23, 3, 1, 2, 0),
        (34, 29 / 34, 29, 4, 1, 2, 1),
    ]
    waited = table(counted, "waiting", english)
    assert [row.hidden for row in waited.rows] == [False, True]
    assert table(counted, "promises_by_community", english).rows[0].hidden, "three of the other one are too few"
    assert [one.code for one in tables(Counted([], [], [], [], [], 0), english)] == []
    assert table(counted, "alerts_by_cause", chinese).rows[-1].name == "全部"


def test_the_export_has_a_figure_a_line(english: Language) -> None:
    span = span_of(None, None, 7, TODAY, ZONE)
    text = to_csv(tables(create_counted(create_marks("=cmd()", 6)), english), span, "颐和路社区")
    lines = list(csv.reader(io.StringIO(text)))
    assert tuple(lines[0]) == COLUMNS
    assert all(len(line) == len(COLUMNS) for line in lines)
    waited = ["waiting", "call_taken", "A call until somebody took it", "median", "41.0", "s"]
    assert ["2026-11-16", "2026-11-22", "颐和路社区", *waited] in lines
    assert [line[5] for line in lines if line[3] == "assessments_by_nurse"] == ["'=cmd()"] * 4


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "－1"])
def test_text_is_never_a_formula(text: str) -> None:
    row = next(csv.reader(io.StringIO(spread(["a"], [[text]]).split("\n", 1)[1], newline="")))
    assert row[0].startswith("'")
    assert spread(["a"], [[-5]]).splitlines()[1] == "-5"
