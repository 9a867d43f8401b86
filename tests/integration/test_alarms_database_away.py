"""The database is stopped: alarms arrive, are taken by one desk alone, homes hear of it, and rows follow."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from cloud.alarms.journal import DeskJournal, DoneBefore
from cloud.alarms.model import Act, Doing, HeldByAnother
from cloud.alarms.store import _TELLER_LOCK
from cloud.alarms.worker import work
from cloud.config import Alarms, Broker, CloudConfig, Database
from cloud.errors import Conflict
from cloud.local.broker import LocalBroker
from cloud.local.postgres import EmbeddedPostgres
from protocols.alarm.states import AlarmState
from tests.integration.care import GATEWAY, Care, ListeningHome, create_alarm, create_care, rows_of
from tests.integration.mortal import dsn, mortal, stop
from tests.integration.stage import running

__all__ = ["dsn", "mortal"]  # fixtures of a server that may be stopped

pytestmark = [pytest.mark.integration, pytest.mark.timeout(90)]
BACK_S = 30.0


@pytest.fixture
def care(dsn: str) -> Care:
    return create_care(dsn)


@pytest.fixture
def config(dsn: str, broker: LocalBroker, tmp_path: Path) -> CloudConfig:
    return CloudConfig(
        data=str(tmp_path), database=Database(dsn=dsn), broker=Broker(url=broker.url), alarms=Alarms(poll_s=0.5)
    )


@pytest.fixture
def home(broker: LocalBroker, care: Care) -> Iterator[ListeningHome]:
    with ListeningHome(broker.url) as listening:
        yield listening


def create_act(alarm: str, doing: Doing, staff: tuple[int, str], **more: Any) -> Act:
    return Act(
        alarm_id=UUID(alarm),
        gateway_id=GATEWAY,
        doing=doing,
        staff_id=staff[0],
        staff_name=staff[1],
        at=datetime.now(UTC),
        **more,
    )


def do_without_database(journal: DeskJournal, act: Act) -> None:
    journal.stand(journal.begin(act).number)


def until_noted(where: str) -> None:
    deadline = time.monotonic() + BACK_S
    while rows_of(where, "SELECT count(*) FROM alarm_event WHERE told_home_at IS NULL") != [(0,)]:
        assert time.monotonic() < deadline, "what was told was not noted"
        time.sleep(0.02)


def until_told(journal: DeskJournal) -> None:
    deadline = time.monotonic() + BACK_S
    while any(act.told_at is None for act in journal.standing()):
        assert time.monotonic() < deadline, "the home was not told"
        time.sleep(0.02)


def until_empty(journal: DeskJournal) -> None:
    deadline = time.monotonic() + BACK_S
    while journal.kept_alarms() or journal.standing():
        assert time.monotonic() < deadline, "the journal was not brought to the database"
        time.sleep(0.05)


def test_called_and_taken_without_the_database_and_written_when_it_is_back(
    *,
    config: CloudConfig,
    mortal: EmbeddedPostgres,
    dsn: str,
    care: Care,
    broker: LocalBroker,
    home: ListeningHome,
) -> None:
    before, during, strange = create_alarm(), create_alarm(), create_alarm()
    with running(work, config, "alarms") as process, ListeningHome(broker.url, gateway="gw-unknown") as stranger:
        process.wait_until("broker")
        home.press(before)
        assert home.next_state().state is AlarmState.AT_CENTRE
        until_noted(dsn)  # else it would rightly be told again
        stop(mortal)
        stranger.press(strange)
        home.press(during)
        told = home.next_state()
        assert (told.alarm, told.state) == (during.alarm, AlarmState.AT_CENTRE)

        assert config.journal_folder is not None
        journal = DeskJournal(config.journal_folder)
        dora, anna = (care.desk, "Dora"), (care.anna, "Anna")
        for alarm in (before, during):
            do_without_database(journal, create_act(alarm.alarm, Doing.TAKE, dora))
            told = home.next_state()
            assert (told.alarm, told.state, told.by) == (alarm.alarm, AlarmState.TAKEN, "Dora")
            with pytest.raises(HeldByAnother, match="Dora has this alarm"):
                journal.begin(create_act(alarm.alarm, Doing.TAKE, anna))
        do_without_database(journal, create_act(during.alarm, Doing.ON_THE_WAY, dora, minutes=8))
        told = home.next_state()
        assert (told.state, told.minutes) == (AlarmState.ON_THE_WAY, 8)
        do_without_database(journal, create_act(during.alarm, Doing.NOTE, anna, note="her son is on his way, too"))
        do_without_database(journal, create_act(before.alarm, Doing.CLOSE, dora, reason="mistake"))
        assert home.next_state().state is AlarmState.CLOSED
        closed = journal.standing()[-1]
        again = journal.begin(create_act(before.alarm, Doing.CLOSE, dora, reason="mistake"))  # its answer was lost
        assert (again.number, again.stands) == (closed.number, True)
        for other in (create_act(before.alarm, Doing.CLOSE, dora, reason="real"),
                      create_act(before.alarm, Doing.CLOSE, anna, reason="mistake")):  # fmt: skip
            with pytest.raises(Conflict):
                journal.begin(other)

        mortal.ensure_running()
        until_empty(journal)
        with pytest.raises(DoneBefore):
            journal.begin(create_act(before.alarm, Doing.CLOSE, dora, reason="mistake"))
        journal.close()
        assert stranger.is_silent(), "nobody knows its door: the centre does not have its call"
    assert home.is_silent(), "what was told is not told again"
    letters = rows_of(dsn, "SELECT topic, payload FROM dead_letter")
    assert [(topic, strange.alarm in payload.decode()) for topic, payload in letters] == [
        ("doorstep/v1/gw-unknown/alarm", True)
    ]
    rows = rows_of(dsn, "SELECT alarm_id::text, state, taken_by, minutes, close_reason FROM alarm")
    assert sorted(rows) == sorted(
        [
            (before.alarm, "closed", care.desk, None, "mistake"),
            (during.alarm, "on_the_way", care.desk, 8, None),
        ]
    )
    events = rows_of(
        dsn,
        "SELECT state, staff_id, note FROM alarm_event WHERE alarm_id = %s ORDER BY alarm_event_id",
        during.alarm,
    )
    assert events == [
        ("at_centre", None, ""),
        ("taken", care.desk, ""),
        ("on_the_way", care.desk, ""),
        ("on_the_way", care.anna, "her son is on his way, too"),
    ]
    assert rows_of(dsn, "SELECT count(*) FROM alarm_event WHERE told_home_at IS NULL") == [(0,)]
    assert rows_of(dsn, "SELECT count(*) FROM procrastinate_jobs") == [(2,)], "both have their timer"


def test_two_workers_and_a_death_between_keep_and_tell(
    config: CloudConfig, mortal: EmbeddedPostgres, dsn: str, care: Care, home: ListeningHome
) -> None:
    """The journal is the file's, not the process's: another worker tells what a dead one kept."""
    stop(mortal)
    assert config.journal_folder is not None
    journal = DeskJournal(config.journal_folder)
    journal.remember_gateways([GATEWAY])
    alarm = create_alarm()
    journal.keep_alarm(GATEWAY, alarm, datetime.now(UTC))
    do_without_database(journal, create_act(alarm.alarm, Doing.TAKE, (care.desk, "Dora")))
    with running(work, config, "alarms-1"), running(work, config, "alarms-2"):
        states = {home.next_state().state, home.next_state().state}
        while states != {AlarmState.AT_CENTRE, AlarmState.TAKEN}:  # the other worker may have told the first, too
            states.add(home.next_state().state)
        mortal.ensure_running()
        until_empty(journal)
    journal.close()
    assert rows_of(dsn, "SELECT state, taken_by FROM alarm") == [("taken", care.desk)]
    assert rows_of(dsn, "SELECT count(*) FROM alarm_event") == [(2,)]


def test_who_was_first_in_the_database_stays_it(config: CloudConfig, dsn: str, care: Care, home: ListeningHome) -> None:
    """A desk on another machine took it a moment before the database went away, and this machine had not heard."""
    alarm = create_alarm()
    with running(work, config, "alarms") as process:
        process.wait_until("broker")
        home.press(alarm)
        assert home.next_state().state is AlarmState.AT_CENTRE
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE alarm SET state = 'taken', taken_by = %s, taken_at = now()", (care.anna,))
    assert config.journal_folder is not None
    journal = DeskJournal(config.journal_folder)
    do_without_database(journal, create_act(alarm.alarm, Doing.TAKE, (care.desk, "Dora")))
    with running(work, config, "alarms"):
        until_empty(journal)
    with pytest.raises(HeldByAnother, match="Anna"):
        journal.begin(create_act(alarm.alarm, Doing.TAKE, (care.desk, "Dora")))
    journal.close()
    assert rows_of(dsn, "SELECT taken_by FROM alarm") == [(care.anna,)]
    notes = rows_of(dsn, "SELECT staff_id, note FROM alarm_event WHERE note <> ''")
    assert notes == [(care.desk, "taken_without_database")]


def test_a_step_that_the_database_has_too_is_told_once(
    config: CloudConfig, dsn: str, care: Care, home: ListeningHome
) -> None:
    """It was committed, its answer was lost, the desk believed the database away and the journal told the home."""
    alarm = create_alarm()
    assert config.journal_folder is not None
    journal = DeskJournal(config.journal_folder)
    with running(work, config, "alarms") as process:
        process.wait_until("broker")
        home.press(alarm)
        assert home.next_state().state is AlarmState.AT_CENTRE
        until_noted(dsn)
        step = create_act(alarm.alarm, Doing.CLOSE, (care.desk, "Dora"), reason="real")
        number = journal.begin(step).number
        with psycopg.connect(dsn) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TELLER_LOCK,))
            journal.stand(number)
            assert home.next_state().state is AlarmState.CLOSED
            until_told(journal)
            connection.execute(
                "UPDATE alarm SET state = 'closed', taken_by = %s, taken_at = now(), close_reason = 'real', "
                "closed_at = %s",
                (care.desk, step.at),
            )
            connection.execute(
                "INSERT INTO alarm_event (alarm_id, state, at, staff_id) VALUES (%s, 'closed', %s, %s)",
                (alarm.alarm, step.at, care.desk),
            )
        until_empty(journal)
        until_noted(dsn)
    journal.close()
    assert home.is_silent(), "what was told is not told again"
    assert rows_of(dsn, "SELECT count(*) FROM alarm_event WHERE state = 'closed'") == [(1,)]
