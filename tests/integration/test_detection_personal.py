"""A clinician sets a figure for one elder, sees it, ends it, and the detector goes by it."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from cloud.detection.limits import load_limits
from cloud.detection.worker import look_at_next
from cloud.limit_commands import limits_app
from tests.cloud.detection.conftest import LIMITS
from tests.integration.care import NOW, create_care, create_readings, rows_of

pytestmark = pytest.mark.integration


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "cloud.toml"
    file.write_text(f'[detection]\nlimits = "{LIMITS}"\n', encoding="utf-8")
    return file


def test_from_setting_to_ending(database: str, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    care = create_care(database)
    monkeypatch.setenv("DOORSTEP_DSN", database)

    def limits(*words: str) -> str:
        result = CliRunner().invoke(limits_app, [*words, "--config", str(config)])
        return result.output

    decided = ("--by", "Dr. Li", "--why", "used to it")
    assert "out of its bounds, 150 to 175" in limits("set", "e1", "raised_pressure", "systolic", "200", *decided)
    assert "no elder 'e9'" in limits("set", "e9", "raised_pressure", "systolic", "170", *decided)
    assert "systolic is 168 mm[Hg]" in limits("set", "e1", "raised_pressure", "systolic", "168", *decided)
    assert "systolic is 170 mm[Hg]" in limits("set", "e1", "raised_pressure", "systolic", "170", *decided)
    assert rows_of(database, "SELECT elder_id FROM detection_due") == [(care.elder_id,)]

    def raised() -> list[tuple[str]]:
        with psycopg.connect(database) as connection:
            assert look_at_next(connection, load_limits(LIMITS), NOW + timedelta(hours=1))
        return rows_of(database, "SELECT cause FROM alert")

    create_readings(database, care, [("systolic", 166.0, NOW), ("diastolic", 84.0, NOW)])
    assert raised() == []
    assert "holds again" in limits("end", "e1", "raised_pressure", "systolic", *decided)
    assert "no figure of their own" in limits("end", "e1", "raised_pressure", "systolic", *decided)
    assert raised() == [("blood_pressure",)]
    shown = limits("show", "e1").splitlines()
    assert ["168 mm[Hg]" in shown[0], "another figure" in shown[0], "170 mm[Hg]" in shown[1]] == [True] * 3
    assert "Dr. Li: used to it; until" in shown[1]
