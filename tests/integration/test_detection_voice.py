"""A request to measure again goes by a real broker into a gateway that speaks, and back that it was said."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from cloud.config import Broker, CloudConfig, Database
from cloud.detection.coach.telling import telling
from cloud.local.broker import LocalBroker
from cloud.process import Process
from cloud.readings.worker import work as ingest
from cloud.registry.model import Elder, Level, Region
from cloud.registry.new_home.store import make_home
from cloud.registry.store import upsert_elder, upsert_region
from edge.processes import RUN, command_of
from tests.edge.conftest import CONFIG
from tests.edge.voice import Recorded
from tests.integration.stage import running
from tests.integration.test_edge_uplink import wait_until

pytestmark = pytest.mark.integration
PATIENCE_S = 30.0

ASK = (
    "INSERT INTO measure_again (elder_id, metric, why, measured_at, asked_at, until) "
    "SELECT elder_id, 'systolic', 'cuff_loose', %s, %s, %s FROM elder RETURNING ask_id"
)


class Home:
    """The elder's request, her gateway as systemd starts it, and what its voice said."""

    def __init__(self, dsn: str, folder: Path, broker: LocalBroker, program: Recorded) -> None:
        self.program = program
        self._connection = psycopg.connect(dsn, autocommit=True)
        upsert_region(self._connection, Region(code="c-1", name="Ferry Road", level=Level.COMMUNITY))
        make_home(self._connection, community="c-1", address="3 Ferry Road", code="test")
        upsert_elder(self._connection, Elder(code="elder-1", home="test", name="Mrs Li"))
        path = folder / "edge.toml"
        path.write_text(
            f"""{CONFIG.split("[[device]]", maxsplit=1)[0]}
[broker]
url = "{broker.url}"
[uplink]
status_s = 0.5
[alarm]
voice = ["zh", "en"]
measure_again_hours = "00:00-24:00"
""",
            encoding="utf-8",
        )
        self._process = subprocess.Popen(command_of(RUN, path), env=dict(os.environ))

    def ask(self, minutes: float = 30.0) -> int:
        """Now, and it stands for so long."""
        now = datetime.now(UTC)
        row = self._connection.execute(ASK, (now, now, now + timedelta(minutes=minutes))).fetchone()
        assert row is not None
        return int(row[0])

    def became(self, ask: int) -> str | None:
        row = self._connection.execute("SELECT became FROM measure_again WHERE ask_id = %s", (ask,)).fetchone()
        assert row is not None
        return row[0]  # type: ignore[no-any-return]  # a column of text

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._connection.close()


@pytest.fixture
def home(database: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    config = CloudConfig(database=Database(dsn=database), broker=Broker(url=broker.url))
    home = Home(database, tmp_path, broker, Recorded(tmp_path, monkeypatch))
    try:
        with running(ingest, config, "ingest"), telling(Process("detect", config)):
            yield home
    finally:
        home.close()


def test_the_home_is_asked_aloud_once_and_says_so(home: Home) -> None:
    first = home.ask()
    wait_until(lambda: home.became(first) is not None, "nothing became of it", PATIENCE_S)
    assert home.became(first) == "said"
    assert [line.partition(" ")[0] for line in home.program.said] == ["cmn", "en"]
    assert "two fingers" in home.program.said[1]
    home.program.behave("exit 3")
    second = home.ask()
    wait_until(lambda: home.became(second) is not None, "nothing became of it", PATIENCE_S)
    assert home.became(second) == "silent"
    assert len(home.program.said) == 2, "the first one is not said again"
