"""The page of figures is made from what benches left, a part at a time."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import report
from tests.bench._plot import Line, Plot, draw


def create_read_figures(rows: int = 100_000) -> dict[str, Any]:
    times = {"median": 3.0, "p95": 7.5, "p99": 9.0}
    keys = ("elder_data", "elder_all_metrics", "elder_year_data", "board_data", "elder_page", "board_page")
    sizes = [{"rows": rows * factor, "elder_rows": 2500, **dict.fromkeys(keys, times)} for factor in (1, 10)]
    return {"timescale": False, "days": 90, "sizes": sizes}


def test_a_part_stays_until_it_is_measured_anew(tmp_path: Path) -> None:
    read, uplink = tmp_path / "read.json", tmp_path / "uplink.json"
    read.write_text(json.dumps(create_read_figures()), encoding="utf-8")
    uplink.write_text(
        json.dumps({"drained_rows_s": 6123, "runs": [1, 2], "alarm": {"median_s": 0.025}}), encoding="utf-8"
    )
    assert report.main(["--read", str(read), "--docs", str(tmp_path)]) == 0
    assert report.main(["--uplink", str(uplink), "--docs", str(tmp_path)]) == 0
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert "| the board of 100 homes, data | 3.0 / 7.5 | 3.0 / 7.5 | p95 20 |" in page
    assert "| `drained_rows_s` | 6,123 |" in page
    assert "| `alarm.median_s` | 0.025 |" in page
    assert page.index("Reading it back") < page.index("A backlog leaves")
    assert report.write_parts(report.read_parts(page)) == page
    assert (tmp_path / "pictures" / "read.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_plot_of_factors() -> None:
    picture = draw(Plot("A & B", "rows", "ms", [Line("one", [(1e5, 3.0), (1e6, 30.0)])]))
    assert "A &amp; B" in picture
    assert picture.count("<circle") == 2
    with pytest.raises(ValueError, match="above 0"):
        draw(Plot("none", "rows", "ms", []))
    with pytest.raises(ValueError, match="above 0"):
        draw(Plot("zero", "rows", "ms", [Line("one", [(0, 1)])]))
