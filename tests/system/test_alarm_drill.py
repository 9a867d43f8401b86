"""One silent drill from its frame to the database and back, in real processes: gateway, broker, desk, PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from edge.alarm.drill_log import DrillLog
from edge.alarm.journal import AlarmJournal
from protocols.alarm.states import AlarmState
from tests.system.alarm_gateway import GATEWAY, RealHome
from tests.system.conftest import Centre, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(200)]

WITHIN_S = 60.0


@pytest.fixture
def journal(folder: Path) -> Iterator[AlarmJournal]:
    """A gateway's whose drill is due now."""
    opened = AlarmJournal(folder / "home" / "gateway" / "alarm.db")
    now = datetime.now(UTC)
    opened.put_drill_log(DrillLog(not_before=now, next_at=now))
    yield opened
    opened.close()


@pytest.fixture
def home(centre: Centre, folder: Path, journal: AlarmJournal) -> Iterator[RealHome]:
    made = RealHome(folder / "home", lambda: str(centre.run["broker"]))
    yield made
    made.stop()


def test_a_drill_reaches_the_database_and_disturbs_nobody(
    centre: Centre, home: RealHome, journal: AlarmJournal
) -> None:
    def answered_at() -> datetime | None:
        log = journal.drill_log()
        return None if log is None else log.answered_at

    wait_until("the drill to be answered", answered_at, WITHIN_S)
    with psycopg.connect(centre.run["dsn"]) as conn:
        ((drill, gateway),) = conn.execute("SELECT drill_id::text, gateway_id FROM drill").fetchall()
        assert gateway == GATEWAY
        assert conn.execute("SELECT count(*) FROM alarm").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM alarm_event").fetchone() == (0,)
    assert journal.state_of(drill)[0] is AlarmState.CLOSED
    assert home.told(drill) == []
    log = journal.drill_log()
    assert log is not None
    assert log.failed_at is None
    assert log.next_at > datetime.now(UTC)
