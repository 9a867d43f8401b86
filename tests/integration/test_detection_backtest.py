"""A back-test gives the alerts that the live detectors raised on the same lives, one by one."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from distributed import LocalCluster
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from cloud.backtest_commands import backtest_app
from cloud.db.pool import Connection
from cloud.detection.backtest import store
from cloud.detection.backtest.cluster import DSN_VARIABLE, ClusterFailed, Question, backtest
from cloud.detection.backtest.model import Lived
from cloud.detection.limits import Limits, load_limits
from cloud.detection.news import FRESH
from cloud.detection.store import next_timer, wake
from cloud.detection.worker import look_at_next, look_at_next_round
from cloud.local.postgres import EmbeddedPostgres
from tests.cloud.detection.conftest import LIMITS

pytestmark = [
    pytest.mark.integration,
    # what the cluster's own shutdown leaves for the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 45
END = BEGIN + timedelta(days=DAYS)
ELDERS = 3
DAY = timedelta(days=1)
Row = tuple[str, float, datetime, datetime]
"""Metric, value, measured, stored."""


def life(seed: int) -> Iterator[Row]:
    """Pressure and glucose twice a day with bad weeks, repeats after a severe value, gaps, and late or old arrivals."""
    chance = random.Random(seed)
    usual, sugar = chance.gauss(138, 8), chance.gauss(130, 12)
    bad = {day + step for day in chance.sample(range(DAYS), 4) for step in range(chance.randint(1, 5))}
    for day in range(DAYS):
        if chance.random() < 0.06:
            continue
        for hour in (0, 11):
            at = BEGIN + timedelta(days=day, hours=hour, minutes=chance.randint(0, 59), seconds=seed)
            late = chance.choice([timedelta(seconds=4)] * 9 + [timedelta(hours=chance.randint(2, 90))])
            systolic = round(chance.gauss(usual, 6) + (chance.choice((28, 44)) if day in bad else 0))
            pulse = round(chance.gauss(72, 5) + (50 if day in bad and seed % 3 == 0 else 0))
            taken = [at] + ([at + timedelta(minutes=8)] if systolic >= 180 else [])
            for moment in taken:
                yield "systolic", float(systolic), moment, moment + late
                yield "diastolic", float(round(systolic * 0.56)), moment, moment + late
                yield "pulse", float(pulse), moment, moment + late
            if seed % 2 == 0:
                value = chance.gauss(sugar, 14) + (chance.choice((-75, 150)) if day in bad else 0)
                yield "glucose", float(round(value)), at + timedelta(minutes=20), at + late + timedelta(minutes=20)


@pytest.fixture(scope="module")
def limits() -> Limits:
    return load_limits(LIMITS)


@dataclass(frozen=True)
class Lives:
    dsn: str
    live: list[Lived]
    """What the live detectors raised."""


@pytest.fixture(scope="module")
def lives(postgres: EmbeddedPostgres, template: str, limits: Limits) -> Lives:
    """The seeded lives gone through live, with nurses who come, judge and close; the alerts that came of it."""
    connection: Connection
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE lives TEMPLATE {template}".encode())
    dsn = make_conninfo(postgres.dsn, dbname="lives")
    with psycopg.connect(dsn, autocommit=True) as connection:
        elders = _register(connection)
        for seed, elder in enumerate(elders, 1):
            _live(connection, elder, sorted(life(seed), key=lambda row: row[3]), limits, random.Random(seed))
        found = store.lived(connection, BEGIN, END)
    assert len(found) > 10
    assert {alert.priority for alert in found} == {"now", "today", "this_week"}
    assert any(alert.closed_at and alert.verdict is None for alert in found)
    assert {"right", "false"} <= {alert.verdict for alert in found}
    assert any("own_normal" in alert.rules for alert in found)
    return Lives(dsn, found)


def _register(connection: Connection) -> list[int]:
    connection.execute("INSERT INTO region (code, name, level) VALUES ('1', 'R', 'community')")
    connection.execute(
        "INSERT INTO home (code, region_id, address) SELECT 'h' || n, region_id, 'A' FROM region, "
        f"generate_series(1, {ELDERS}) AS n".encode()
    )
    connection.execute("INSERT INTO elder (code, home_id, name) SELECT 'e' || code, home_id, 'X' FROM home")
    return [int(elder) for (elder,) in connection.execute("SELECT elder_id FROM elder ORDER BY elder_id")]


def _live(connection: Connection, elder: int, rows: list[Row], limits: Limits, nurse: random.Random) -> None:
    """Each arrival is stored and looked at; some alerts are closed by a person a while after they were raised."""
    for stored in sorted({row[3] for row in rows}):
        _look_at_timers(connection, limits, stored - timedelta(minutes=1))
        _come_and_judge(connection, elder, stored, nurse)
        _look_at_timers(connection, limits, stored)
        for number, (metric, value, at, _) in enumerate(row for row in rows if row[3] == stored):
            connection.execute(
                "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, "
                "stored_at, gateway_id, epoch, outbox_number) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'g', 1, %s)",
                (elder, metric, int(at.timestamp()), at, value, elder, at, stored, number),
            )
        connection.execute("INSERT INTO detection_due (elder_id, since) VALUES (%s, %s)", (elder, stored))
        assert look_at_next(connection, limits, stored)
    _look_at_timers(connection, limits, END)


def _look_at_timers(connection: Connection, limits: Limits, before: datetime) -> None:
    while (timer := next_timer(connection)) is not None and timer < before:
        looked = wake(connection, timer) and look_at_next(connection, limits, timer)
        assert looked or look_at_next_round(connection, limits, timer)


def _come_and_judge(connection: Connection, elder: int, before: datetime, nurse: random.Random) -> None:
    """What a report does, at a time of its own between two arrivals."""
    alerts = connection.execute(
        "SELECT alert_id, raised_at, state FROM alert WHERE elder_id = %s AND verdict IS NULL "
        "AND (priority = 'now' OR alert_id %% 2 = 0) ORDER BY raised_at",
        (elder,),
    ).fetchall()
    for alert, raised_at, state in alerts:
        came = raised_at + timedelta(hours=nurse.randint(3, 30), milliseconds=nurse.randint(1, 999))
        if came < before and (state == "open" or nurse.random() < 0.2):
            at = max(came, before - timedelta(minutes=1))
            connection.execute(
                "UPDATE alert SET state = 'closed', closed_at = coalesce(closed_at, %(at)s), verdict_at = %(at)s, "
                "verdict = %(verdict)s WHERE alert_id = %(alert)s",
                {"at": at, "verdict": nurse.choice(("right", "false", "false")), "alert": alert},
            )


@pytest.fixture(scope="module")
def cluster(lives: Lives) -> Iterator[str]:
    """The address of a scheduler with one worker, a process that names the lives' database itself."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(DSN_VARIABLE, lives.dsn)
        with _cluster(processes=True) as running:
            yield running.scheduler_address


def question(limits: Limits, begin: datetime = BEGIN) -> Question:
    return Question(limits, begin, END, FRESH)


def test_alert_for_alert(lives: Lives, limits: Limits) -> None:
    assert backtest(lives.dsn, question(limits), workers=2) == lives.live


def test_a_later_beginning_finds_the_later_alerts(lives: Lives, limits: Limits, cluster: str) -> None:
    """What came before speaks all the same: bands, quiet times and what was open."""
    begin = BEGIN + 30 * DAY
    later = [alert for alert in lives.live if alert.raised_at >= begin]
    assert later
    assert backtest(lives.dsn, question(limits, begin), scheduler=cluster) == later


def test_other_limits_give_other_alerts(lives: Lives, limits: Limits, cluster: str) -> None:
    fewer = _without_rule(limits, "severe_pressure")
    found = backtest(lives.dsn, question(fewer), scheduler=cluster)
    assert found != lives.live
    assert not any("severe_pressure" in alert.rules for alert in found)


def _without_rule(limits: Limits, rule: str) -> Limits:
    return msgspec.structs.replace(limits, rule=tuple(one for one in limits.rule if one.id != rule))


def test_a_cluster_by_its_address(lives: Lives, limits: Limits, cluster: str) -> None:
    """Its workers read the database that they name themselves."""
    assert backtest(lives.dsn, question(limits), scheduler=cluster) == lives.live


def test_a_worker_that_names_no_database_says_so(lives: Lives, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DSN_VARIABLE, raising=False)
    with (
        _cluster(processes=False) as nameless,
        pytest.raises(ClusterFailed, match="DOORSTEP_DSN is not set on this worker"),
    ):
        backtest(lives.dsn, question(limits), scheduler=nameless.scheduler_address)


def _cluster(*, processes: bool) -> Any:
    return LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=processes,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address=None,
    )


def test_the_command_says_how_they_compare(lives: Lives, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DSN_VARIABLE, lives.dsn)
    config = tmp_path / "cloud.toml"
    config.write_text(f'[detection]\nlimits = "{LIMITS}"\n', encoding="utf-8")
    command = ["--from", f"{BEGIN:%Y-%m-%d}", "--to", f"{END:%Y-%m-%d}", "--config", str(config)]
    result = CliRunner().invoke(backtest_app, command)
    assert result.exit_code == 0, result.output
    assert (
        f"{len(lives.live)} alerts; {len(lives.live)} were raised live as well, 0 were not, 0 were raised live alone"
        in (result.output)
    )
    result = CliRunner().invoke(backtest_app, [command[0], "the first of June", *command[2:]])
    assert result.exit_code == 1
    assert "--from: expected a day such as 2026-03-01 or an instant" in result.output


def test_where_nothing_was_measured_nothing_is_raised(lives: Lives, limits: Limits, cluster: str) -> None:
    assert backtest(lives.dsn, replace(question(limits), begin=END, end=END + DAY), scheduler=cluster) == []
