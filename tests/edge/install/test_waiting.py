"""What waits is listed beside a gateway that runs."""

import json
from pathlib import Path

from edge.install.waiting import conclusion, look, to_json
from edge.outbox import Outbox
from tests.edge.conftest import ReadingMaker


def test_the_oldest_are_listed(outbox: Outbox, create_reading: ReadingMaker, tmp_path: Path) -> None:
    assert conclusion(look(tmp_path / "outbox.db", 2)) == "nothing waits: the centre has all that was measured"
    outbox.put([create_reading(place, value=90.0 + place) for place in range(5)])
    found = look(tmp_path / "outbox.db", 2)
    told = json.loads(to_json(found))
    assert told["waiting"] == 5
    assert [(entry["number"], entry["value"]) for entry in told["readings"]] == [(1, 90.0), (2, 91.0)]
    assert conclusion(found).endswith("--limit shows more than these 2")
