"""A gateway's names at the broker: the same at each start, and nobody else's to guess."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edge.client_id import client_id


def test_one_secret_for_both_lines_and_every_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: client_id(data, "gw-1", "alarm"), range(32)))
    (alarm,) = found
    readings = client_id(data, "gw-1", "readings")
    assert alarm.removeprefix("gw-1-alarm-") == readings.removeprefix("gw-1-readings-")
    assert client_id(tmp_path / "other", "gw-1", "alarm") != alarm
    (kept,) = data.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_damaged_one_is_drawn_anew_and_a_disk_that_takes_nothing_is_no_end(tmp_path: Path) -> None:
    first = client_id(tmp_path, "gw-1", "alarm")
    (tmp_path / "client.id").write_bytes(b"\xff")
    assert client_id(tmp_path, "gw-1", "alarm") not in (first, "gw-1-alarm-")
    nowhere = tmp_path / "client.id" / "data"
    assert client_id(nowhere, "gw-1", "alarm").startswith("gw-1-alarm-")
