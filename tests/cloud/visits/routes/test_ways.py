"""From door to door: by the roads' file, by coordinates, or by a guess."""

from pathlib import Path

import pytest

from cloud.routes_config import Routes
from cloud.visits.planning.travel import Spot
from cloud.visits.routes.model import Door
from cloud.visits.routes.ways import read_roads, travel_between
from protocols.configuration import ConfigurationError

A, B, C = Door("a", Spot(32.0, 118.0)), Door("b", Spot(32.01, 118.0)), Door("c", None)


def test_coordinates_give_minutes_and_an_unknown_door_the_guess() -> None:
    minutes = travel_between([A, B, C], Routes(), {})
    assert minutes[0][1] == pytest.approx(2 + 60 * 1.3 / 20 * 1.112, abs=0.02)
    assert minutes[0][1] == minutes[1][0]
    assert minutes[0][2] == 10.0
    assert [minutes[n][n] for n in range(3)] == [0.0, 0.0, 0.0]
    assert travel_between([C, Door("d", None)], Routes(), {}) == [[0.0, 10.0], [10.0, 0.0]]


def test_what_was_measured_goes_before_what_was_reckoned(tmp_path: Path) -> None:
    path = tmp_path / "roads.csv"
    path.write_text("from,to,minutes\na,b,17\na, c ,3.5\n", encoding="utf-8")
    minutes = travel_between([A, B, C], Routes(), read_roads(path))
    assert (minutes[0][1], minutes[1][0], minutes[0][2]) == (17.0, 17.0, 3.5)


@pytest.mark.parametrize("line", ["a,b", "a,b,soon", "a,b,-1", "a,b,inf"])
def test_a_line_that_says_nothing_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "roads.csv"
    path.write_text(f"from,to,minutes\na,b,17\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 3"):
        read_roads(path)
