"""Charts: round edges, gaps, labels that don't cover each other, nothing beyond the paper."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.web.charts.paper import Paper, lay_out
from cloud.web.charts.scale import Line, round_edges, round_step, tick_days
from cloud.web.charts.series import Dot, LimitLine, Mark, Panel, Series
from cloud.web.charts.sparkline import HEIGHT, WIDTH, sparkline
from cloud.web.charts.thinning import Point, thinned
from cloud.web.language import Language, load_languages

ENGLISH = load_languages()["en"]
NANJING = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 9, 12, tzinfo=NANJING)


def create_panel(*series: Series, limits: tuple[LimitLine, ...] = ()) -> Panel:
    return Panel("Pressure", "mmHg", 0, series, limits)


def create_series(values: list[float], metric: str = "systolic", every_h: float = 12, **more: object) -> Series:
    first = NOW - timedelta(hours=every_h * len(values))
    dots = tuple(Dot(first + timedelta(hours=every_h * place), value) for place, value in enumerate(values))
    return Series(metric, "Sys", dots, (135.0, 150.0))


def paper_of(panel: Panel, days: int = 42, size: str = "wide", marks: tuple[Mark, ...] = ()) -> Paper:
    return lay_out((panel,), marks, NOW - timedelta(days=days), NOW, zone=NANJING, language=ENGLISH, size=size)


@given(st.floats(-1e6, 1e6), st.floats(0.01, 1e6))
def test_edges_hold_the_values_and_steps_are_round(low: float, span: float) -> None:
    first, last, ticks = round_edges(low, low + span)
    slack = 1e-6 * abs(low) + 1e-12
    assert first <= low + slack
    assert last >= low + span - slack
    assert 2 <= len(ticks) <= 9
    assert round_step(span, 4) > 0


def test_a_line_of_no_span_goes_to_the_middle() -> None:
    assert Line(5, 5, 0, 10).at(5) == 5


@pytest.mark.parametrize("days", [7, 30, 35, 90, 365])
def test_days_on_a_phone_do_not_touch(days: int) -> None:
    chinese, begin = load_languages()["zh"], NOW - timedelta(days=days)
    panel = create_panel(create_series([120.0] * days, every_h=24))
    paper = lay_out((panel,), (), begin, NOW, zone=NANJING, language=chinese, size="narrow")
    written = [x for x, words in paper.days if words]
    assert paper.days[-1][1]
    assert all(later - earlier > 50 for earlier, later in pairwise(written))  # "11月23日" at 12 units


def test_ticks_are_midnights_of_the_home_and_end_today() -> None:
    ticks = tick_days(NOW - timedelta(days=42), NOW, NANJING, 6)
    assert all((tick.hour, tick.minute) == (0, 0) for tick in ticks)
    assert ticks[-1].date() == NOW.date()
    assert len({later - earlier for earlier, later in pairwise(ticks)}) == 1


def test_dots_lie_on_the_paper_in_both_sizes() -> None:
    panel = create_panel(create_series([140, 150, 135, 184]), limits=(LimitLine("systolic", 180, "Sys 180"),))
    for size, width in (("wide", 760), ("narrow", 326)):
        paper = paper_of(panel, size=size)
        assert paper.width == width
        placed = paper.panels[0]
        for dot in placed.series[0].dots:
            assert paper.gutter <= dot.x <= paper.right
            assert placed.top <= dot.y <= placed.bottom
        assert placed.series[0].last_words == "184"


def test_a_silence_breaks_the_line_and_is_shown() -> None:
    series = create_series([140.0] * 20)
    quiet = tuple(dot for place, dot in enumerate(series.dots) if not 5 < place < 14)
    paper = paper_of(create_panel(Series("systolic", "Sys", quiet)))
    assert paper.panels[0].series[0].path.count("M") == 2
    assert len(paper.panels[0].gaps) == 1


def test_far_limits_are_left_out() -> None:
    limits = (LimitLine("systolic", 180, "Sys 180"), LimitLine("systolic", 60, "Sys 60"), LimitLine("pulse", 140, "?"))
    paper = paper_of(create_panel(create_series([140, 150, 175]), limits=limits))
    assert [limit.limit.words for limit in paper.panels[0].limits] == ["Sys 180"]


def test_close_limits_keep_their_lines_and_their_words_move_apart() -> None:
    limits = tuple(LimitLine("systolic", value, f"{value}", spoken=True) for value in (150, 151, 152, 175))
    placed = paper_of(create_panel(create_series([130, 150, 178]), limits=limits)).panels[0].limits
    words = sorted(limit.label_y for limit in placed)
    assert len(placed) == 4
    assert all(later - earlier >= 12.99 for earlier, later in pairwise(words))
    moved = {limit.limit.value: abs(limit.label_y - limit.y) for limit in placed}
    assert moved[175] == 0
    assert moved[151] < 1, "the middle one stays where it is"


def test_where_limits_crowd_the_spoken_and_the_urgent_stay() -> None:
    limits = (
        LimitLine("systolic", 180, "180", rank=0),
        LimitLine("systolic", 178, "178", rank=1),
        LimitLine("systolic", 135, "135", rank=2, spoken=True),
        LimitLine("systolic", 134, "134", rank=0),
        LimitLine("systolic", 150, "150", rank=1),
        LimitLine("systolic", 160, "160", rank=1),
        LimitLine("systolic", 170, "170", rank=2),
    )
    placed = paper_of(create_panel(create_series([130, 150, 184]), limits=limits)).panels[0].limits
    assert [limit.limit.words for limit in placed] == ["180", "135", "150", "160"]


@given(st.lists(st.floats(60, 220), min_size=2, max_size=8))
def test_last_values_do_not_cover_each_other(values: list[float]) -> None:
    paper = paper_of(create_panel(*(create_series([value, value], metric=f"m{n}") for n, value in enumerate(values))))
    places = sorted(series.last_y for series in paper.panels[0].series)
    assert all(later - earlier >= 11.99 for earlier, later in pairwise(places))


def test_high_beyond_the_meter_stands_at_the_edge_and_stretches_nothing() -> None:
    series = Series("glucose", "Glucose", (Dot(NOW - timedelta(days=1), 7.0), Dot(NOW, 33.3, bound="HI")), (6.0, 9.0))
    placed = paper_of(create_panel(series)).panels[0]
    assert placed.series[0].dots[1].y == placed.top
    assert placed.ticks[-1][1] != "40"


def test_marks_out_of_the_range_are_left_out() -> None:
    marks = (Mark(NOW - timedelta(days=1), "alert", "seen"), Mark(NOW - timedelta(days=90), "visit", "unseen"))
    assert [placed.mark.words for placed in paper_of(create_panel(create_series([140.0])), marks=marks).marks] == [
        "seen"
    ]


def test_bars_stand_on_the_ground(english: Language) -> None:
    dots = tuple(Dot(NOW - timedelta(days=day), float(day)) for day in range(5, 0, -1))
    panel = Panel("Nights", "", 0, (Series("motion", "Nights", dots),), bars=True)
    placed = lay_out((panel,), (), NOW - timedelta(days=7), NOW, zone=NANJING, language=english, size="wide").panels[0]
    assert all(bar.y + bar.height == pytest.approx(placed.bottom) for bar in placed.bars)


def test_sparkline_stays_within_its_field() -> None:
    values = [(NOW - timedelta(days=10 - day), 140.0 + day) for day in range(10)]
    line = sparkline(values, (138, 152))
    assert line is not None
    assert 0 < line.last[0] < WIDTH
    assert 0 < line.last[1] < HEIGHT
    assert sparkline([], (1, 2)) is None
    assert sparkline([(NOW, 5.0)], None) is not None


@given(
    st.lists(st.tuples(st.floats(0, 9e6), st.floats(-1e3, 1e3), st.sampled_from(("", "HI"))), min_size=1, max_size=600)
)
def test_thinning_keeps_every_extreme_and_edge(values: list[tuple[float, float, str]]) -> None:
    points = [Point(*value) for value in sorted(values)]
    kept = thinned(points, 10)
    assert kept == sorted(set(kept))
    assert len(kept) <= max(40, 10 * 2 * 4)
    assert {0, len(points) - 1} <= set(kept)
    for kind in {point.kind for point in points}:
        all_of, of_kept = ([p.value for p in found if p.kind == kind] for found in (points, [points[k] for k in kept]))
        assert (min(of_kept), max(of_kept)) == (min(all_of), max(all_of))


def test_many_dots_are_one_path_and_the_odd_ones_stand_out() -> None:
    series = create_series([140 + n % 7 for n in range(300)], every_h=2)
    dots = (*series.dots[:100], replace(series.dots[100], bound="HI"), replace(series.dots[101], doubtful=True),
            *series.dots[102:])  # fmt: skip
    placed = paper_of(create_panel(replace(series, dots=dots))).panels[0].series[0]
    assert [one.dot.bound for one in placed.dots] == ["HI", ""], "and the last one"
    assert placed.cloud.count("h0") == 297
    assert placed.doubtful_cloud.count("h0") == 1


def test_meals_are_strokes_beneath_and_above() -> None:
    first, second, third = create_series([6.0, 8.0, 7.0]).dots
    dots = (replace(first, meal="before"), replace(second, meal="after"), third)
    placed = paper_of(create_panel(Series("glucose", "Glucose", dots))).panels[0].series[0]
    assert placed.before_meals.count("v4.5") == placed.after_meals.count("v-4.5") == 1
