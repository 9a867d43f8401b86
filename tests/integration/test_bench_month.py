"""Two days of twenty elders over the real stages: every task ends once, and somebody is asked at once."""

from pathlib import Path

import pytest

from tests.bench._month.playing import Lived
from tests.bench.month import measure

pytestmark = pytest.mark.integration


def test_every_task_of_some_days_ends_once(database: str, tmp_path: Path) -> None:
    found = measure(database, tmp_path, 20, 3, 2, lived=Lived(troubled=20, tick_min=60, search_s=0.0))
    assert found["tasks"]["all"] > 5
    assert found["tasks"]["left_open"] == []
    assert found["tasks"]["ended_more_than_once"] == 0
    assert found["alert_to_assigned_s"]["alerts"] == found["alert_to_assigned_s"]["assigned"] > 0
    assert found["urgent"]["visits"] > 0
