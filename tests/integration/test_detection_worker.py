"""The detector over real rows: episodes, idempotence, verdicts, and the running loop."""

import threading
from datetime import datetime, timedelta

import psycopg
import pytest

from cloud.config import CloudConfig, Database, Detection
from cloud.db.pool import Connection
from cloud.detection.limits import Limits, load_limits
from cloud.detection.store import wake
from cloud.detection.worker import look_at_next, work
from tests.cloud.detection.conftest import LIMITS
from tests.integration.care import NOW, Care, create_care, create_readings, rows_of
from tests.integration.stage import running

pytestmark = pytest.mark.integration

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALERTS = "SELECT cause, priority, state, verdict FROM alert ORDER BY alert_id"


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


@pytest.fixture(scope="module")
def limits() -> Limits:
    return load_limits(LIMITS)


def look(database: str, limits: Limits, now: datetime) -> int:
    """Looks until nobody waits; gives how many elders were looked at."""
    connection: Connection
    with psycopg.connect(database) as connection:
        looked = 0
        wake(connection, now)
        while look_at_next(connection, limits, now):
            looked += 1
        return looked


def create_usual_weeks(database: str, care: Care) -> None:
    rows = []
    for day in range(2, 20):
        for hour, sway in ((0, day % 5), (12, -(day % 4))):
            rows.append(("systolic", 128.0 + sway, NOW - day * DAY - hour * HOUR))
            rows.append(("diastolic", 72.0 + sway / 2, NOW - day * DAY - hour * HOUR))
    create_readings(database, care, rows)


def test_an_episode_from_its_first_reading_to_its_verdict(database: str, care: Care, limits: Limits) -> None:
    create_usual_weeks(database, care)
    assert look(database, limits, NOW) == 1
    assert rows_of(database, ALERTS) == []
    bands = rows_of(database, "SELECT metric, low < 128 AND high > 128, count FROM baseline WHERE metric = 'systolic'")
    assert bands == [("systolic", True, 36)]

    create_readings(database, care, [("systolic", 184.0, NOW), ("diastolic", 96.0, NOW)])
    look(database, limits, NOW + timedelta(seconds=2))
    assert rows_of(database, ALERTS) == []
    assert rows_of(database, "SELECT metric, why, answered_at FROM measure_again") == [("systolic", "jump", None)]
    assert rows_of(database, "SELECT look_at FROM detection_timer") == [(NOW + timedelta(minutes=10, seconds=1),)]
    told = NOW + timedelta(minutes=10, seconds=2)
    look(database, limits, told)
    assert rows_of(database, ALERTS) == [("blood_pressure", "today", "open", None)]
    again = NOW + timedelta(minutes=19)
    create_readings(database, care, [("systolic", 186.0, again), ("diastolic", 97.0, again)])
    look(database, limits, again + timedelta(seconds=2))
    assert rows_of(database, ALERTS) == [("blood_pressure", "now", "open", None)]

    ((reasons, evidence_from, evidence_to),) = rows_of(
        database, "SELECT reasons, evidence_from, evidence_to FROM alert"
    )
    by_rule = {reason["rule"]: reason for reason in reasons}
    assert set(by_rule) >= {"severe_pressure_repeated", "severe_pressure", "own_normal"}
    repeated = by_rule["severe_pressure_repeated"]
    assert reasons[0] == repeated
    assert (repeated["value"], repeated["limit"], repeated["count"], repeated["unit"]) == (186.0, 180.0, 2, "mm[Hg]")
    assert repeated["usual_low"] < 128 < repeated["usual_high"]
    assert repeated["floor"] is True
    assert repeated["confirmed"] is True
    assert evidence_from <= NOW
    assert evidence_to == again


def test_looking_again_changes_nothing(database: str, care: Care, limits: Limits) -> None:
    create_readings(database, care, [("glucose", 50.0, NOW)])
    look(database, limits, NOW + timedelta(seconds=2))
    before = rows_of(database, "SELECT * FROM alert")
    for hours in (0, 1, 30):
        with psycopg.connect(database) as connection:
            connection.execute("INSERT INTO detection_due VALUES (%s, %s)", (care.elder_id, NOW))
        assert look(database, limits, NOW + hours * HOUR) == 1
        assert rows_of(database, "SELECT * FROM alert") == before
    assert rows_of(database, "SELECT count(*) FROM detection_due") == [(0,)]


def test_a_closed_episode_is_not_opened_by_its_own_readings(database: str, care: Care, limits: Limits) -> None:
    create_readings(database, care, [("glucose", 50.0, NOW)])
    look(database, limits, NOW + timedelta(seconds=2))
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE alert SET state = 'closed', closed_at = %s, verdict = 'right'", (NOW + HOUR,))
    create_readings(database, care, [("glucose", 120.0, NOW + 2 * HOUR)])
    look(database, limits, NOW + 2 * HOUR)
    assert rows_of(database, ALERTS) == [("hypoglycaemia", "now", "closed", "right")]
    create_readings(database, care, [("glucose", 52.0, NOW + 3 * HOUR)])
    look(database, limits, NOW + 3 * HOUR)
    assert rows_of(database, ALERTS)[1:] == [("hypoglycaemia", "now", "open", None)]


def test_false_verdicts_widen_the_band(database: str, care: Care, limits: Limits) -> None:
    create_usual_weeks(database, care)
    look(database, limits, NOW)
    ((low, high),) = rows_of(database, "SELECT low, high FROM baseline WHERE metric = 'systolic'")
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, state, "
            "closed_at, verdict, verdict_at) VALUES (%s, 'blood_pressure', 'this_week', %s, %s, %s, %s, 'closed', "
            "%s, 'false', %s)",
            (
                care.elder_id,
                '[{"rule": "own_normal", "metric": "systolic"}, {"rule": "own_normal", "metric": "systolic"}]',
                *[NOW - 5 * DAY] * 5,
            ),
        )
        connection.execute("INSERT INTO detection_due VALUES (%s, %s)", (care.elder_id, NOW))
    look(database, limits, NOW)
    ((wide_low, wide_high),) = rows_of(database, "SELECT low, high FROM baseline WHERE metric = 'systolic'")
    assert wide_high - wide_low == pytest.approx((high - low) * 1.15, abs=0.3)


def test_one_elder_who_cannot_be_judged_does_not_hold_up_the_others(database: str, care: Care, limits: Limits) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO home (code, region_id, address, time_zone) SELECT 'h2', region_id, 'B', 'No/Where' FROM region"
        )
        row = connection.execute(
            "INSERT INTO elder (code, home_id, name) SELECT 'e2', home_id, 'X' FROM home WHERE code = 'h2' "
            "RETURNING elder_id"
        ).fetchone()
        assert row is not None
        connection.execute("INSERT INTO detection_due VALUES (%s, %s, %s)", (row[0], NOW, NOW - 300 * DAY))
    create_readings(database, care, [("glucose", 50.0, NOW)])
    connection_: Connection
    with psycopg.connect(database) as connection_, pytest.raises(KeyError):
        look_at_next(connection_, limits, NOW + timedelta(days=3650))
    with psycopg.connect(database) as connection_:
        assert look_at_next(connection_, limits, NOW + timedelta(seconds=2))
    assert rows_of(database, ALERTS) == [("hypoglycaemia", "now", "open", None)]
    assert rows_of(database, "SELECT elder_id FROM detection_due") == [(row[0],)]


def test_two_detectors_share_the_elders(database: str, care: Care, limits: Limits) -> None:
    create_readings(database, care, [("glucose", 50.0, NOW)])
    first: Connection
    second: Connection
    with psycopg.connect(database) as first, psycopg.connect(database) as second:
        with first.transaction():
            first.execute("SELECT * FROM detection_due FOR UPDATE")
            assert not look_at_next(second, limits, NOW)  # held: it is not waited for
        assert look_at_next(second, limits, NOW)
    assert rows_of(database, "SELECT count(*) FROM alert") == [(1,)]


def test_the_running_detector_is_woken(database: str, care: Care) -> None:
    config = CloudConfig(
        database=Database(dsn=database), detection=Detection(limits="limits.toml", poll_s=60), base=str(LIMITS.parent)
    )
    now = datetime.now(NOW.tzinfo)
    with (
        running(lambda process: work(process, load_limits(LIMITS)), config, "detect") as process,
        psycopg.connect(database, autocommit=True) as listening,
    ):
        listening.execute("LISTEN doorstep_alert")
        process.wait_until("database")
        threading.Thread(
            target=create_readings,
            args=(database, care, [("glucose", 48.0, now - timedelta(seconds=5))]),
            daemon=True,
        ).start()
        heard = [notice.payload for notice in listening.notifies(timeout=20, stop_after=1)]
    ((alert_id,),) = rows_of(database, "SELECT alert_id FROM alert")
    assert heard == [str(alert_id)]
