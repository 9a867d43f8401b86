"""What `doorstep-sim` says on a terminal, and readings for a single meter."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_sim.cli import main
from firmware_sim.serial.meter import StoredGlucose
from firmware_sim.serial.readings_file import BadReadings, invented_readings, read_readings
from tests.firmware_sim.conftest import WALL


@pytest.mark.parametrize("command", ["home", "meter"])
def test_help_gives_an_example(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"Example: doorstep-sim {command} " in result.output


def test_lives_are_listed_with_their_licence() -> None:
    result = CliRunner().invoke(main, ["lives"])
    assert [line.split()[0] for line in result.output.splitlines()[:3]] == ["6b29b", "46286", "28710"]
    assert "CC BY 4.0" in result.output


def test_a_meter_that_there_is_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["meter", "abacus", "--link", str(tmp_path / "port")])
    assert result.exit_code == 2
    assert "'abacus' is not a serial meter of the simulator; there are: onetouch-ultraeasy" in result.output


def write(folder: Path, text: str) -> Path:
    path = folder / "readings.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_readings_are_sorted_by_time(tmp_path: Path) -> None:
    path = write(tmp_path, "at,glucose_mg_dl\n2026-11-22T08:00:00,181\n2026-11-22T07:00:00,117\n")
    assert read_readings(path) == [StoredGlucose(WALL - timedelta(hours=1), 117), StoredGlucose(WALL, 181)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the first line has to name the columns at and glucose_mg_dl"),
        ("time,value\n", "the first line has to name the columns"),
        ("at,glucose_mg_dl\nyesterday,100\n", "line 2: expected a time like 2026-11-22T07:30:00 and a whole number"),
        ("at,glucose_mg_dl\n2026-11-22T08:00:00,5.6\n", "line 2: expected a time like"),
        ("at,glucose_mg_dl\n2026-11-22T08:00:00\n", "line 2: expected a time like"),
        ("at,glucose_mg_dl\n2026-11-22T08:00:00+08:00,100\n", "line 2: a meter's clock has no zone"),
        ("at,glucose_mg_dl\n2026-11-22T08:00:00,-1\n", "line 2: -1 mg/dL is not between 0 and 65535"),
    ],
)
def test_wrong_readings_are_named_by_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadReadings, match=r"readings\.csv") as refused:
        read_readings(write(tmp_path, text))
    assert sentence in str(refused.value)


def test_invented_readings_end_now() -> None:
    readings = invented_readings(datetime(2026, 11, 22, 12))
    assert 15 <= len(readings) <= 40
    assert readings[-1].at.day == 22
    assert all(reading.at.hour < 12 for reading in readings if reading.at.day == 22)
