"""Dead letters replayed into a real database, by the functions and by the command."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.errors import NotFound
from cloud.readings import store
from cloud.readings.letters import store as letters
from cloud.readings.letters.model import Outcome
from cloud.readings.letters.replay import replay
from cloud.readings.opening import AHEAD
from cloud.readings.status import take_status
from protocols.telemetry.messages import StatusMessage, encode
from protocols.telemetry.topics import ALARM, READINGS, STATUS, topic
from tests.integration.test_ingest_store import NOW, create_delivery, create_record, one, populate, rows

pytestmark = pytest.mark.integration

LATER = NOW + timedelta(days=2)


@pytest.fixture
def connection(any_database: str) -> Iterator[store.Connection]:
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        yield connection


def only_letter(connection: store.Connection) -> int:
    return int(one(connection, "SELECT dead_letter_id FROM dead_letter"))


def test_a_stranger_that_was_registered_is_taken_once(connection: store.Connection) -> None:
    store.store_deliveries(connection, [create_delivery(create_record(1), create_record(2), gateway="gw-2")], NOW)
    letter = only_letter(connection)
    assert replay(connection, letter, NOW).outcome is Outcome.REFUSED
    assert "seed" in one(connection, "SELECT reason FROM dead_letter WHERE replayed_at IS NULL")

    connection.execute("INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-2', home_id FROM home")
    taken = replay(connection, letter, LATER)
    assert (taken.outcome, taken.readings, taken.duplicates) == (Outcome.TAKEN, 2, 0)
    assert one(connection, "SELECT replayed_at FROM dead_letter") == LATER
    assert one(connection, "SELECT upper(stored) FROM outbox_stream WHERE gateway_id = 'gw-2'") == 3

    before = rows(connection)
    assert replay(connection, letter, LATER).outcome is Outcome.TAKEN_BEFORE
    # The outbox itself sends the same again, as it would after the registration.
    again = store.store_deliveries(
        connection, [create_delivery(create_record(1), create_record(2), gateway="gw-2")], LATER
    )
    assert (again.readings, again.duplicates) == (0, 2)
    assert rows(connection) == before


def test_a_bad_reading_that_became_good_is_taken_though_its_place_counts_as_stored(
    connection: store.Connection,
) -> None:
    ahead = NOW + AHEAD + timedelta(days=1)
    doubtful = create_record(2, received_at=ahead)
    store.store_deliveries(connection, [create_delivery(create_record(1), doubtful)], NOW)
    assert one(connection, "SELECT count(*) FROM reading") == 1
    letter = only_letter(connection)
    still = replay(connection, letter, NOW)
    assert (still.outcome, still.readings, still.duplicates) == (Outcome.REFUSED, 0, 1)
    assert still.why.startswith("readings[1]: received_at")

    taken = replay(connection, letter, ahead)  # what could not be then can be now
    assert (taken.outcome, taken.readings, taken.duplicates) == (Outcome.TAKEN, 1, 1)
    assert one(connection, "SELECT count(*) FROM reading") == 2
    assert one(connection, "SELECT readings FROM outbox_stream") == 2
    assert one(connection, "SELECT times FROM dead_letter") == 1  # a replay is no coming


def test_a_letter_that_comes_again_after_its_replay_waits_again(connection: store.Connection) -> None:
    store.bury(connection, topic("gw-1", READINGS), b"{", "x", at=NOW)
    letters.settle(connection, only_letter(connection), NOW)
    assert list(letters.waiting(connection)) == []
    store.bury(connection, topic("gw-1", READINGS), b"{", "x", at=LATER)
    assert list(letters.waiting(connection)) == [only_letter(connection)]


def test_what_speaks_no_contract_stays(connection: store.Connection) -> None:
    store.bury(connection, "elsewhere/entirely", b"\xff", "x")
    assert replay(connection, only_letter(connection), NOW).outcome is Outcome.REFUSED
    with pytest.raises(NotFound, match="no dead letter 4711"):
        replay(connection, 4711, NOW)


def test_what_the_database_refuses_stays_and_changes_nothing(connection: store.Connection) -> None:
    delivery = create_delivery(create_record(1), gateway="gw-2")
    store.store_deliveries(connection, [delivery], NOW)
    connection.execute("INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-2', home_id FROM home")
    connection.execute("ALTER TABLE reading ADD CHECK (value <> 121)")
    refused = replay(connection, only_letter(connection), NOW)
    assert refused.outcome is Outcome.REFUSED
    assert refused.why.startswith("refused by the database: new row")
    assert one(connection, "SELECT count(*) FROM outbox_stream") == 0


def test_old_farewells_and_alarms_are_not_news(connection: store.Connection) -> None:
    take_status(connection, topic("gw-1", STATUS), encode(StatusMessage(online=True, at=NOW)))
    farewell = StatusMessage(online=False, at=NOW - timedelta(days=1), reason="connection lost")
    store.bury(connection, topic("gw-1", STATUS), encode(farewell), "gateway gw-1 is not registered")
    assert replay(connection, only_letter(connection), NOW).outcome is Outcome.PASSED
    assert one(connection, "SELECT online FROM gateway")
    store.bury(connection, topic("gw-1", STATUS), encode(msgspec.structs.replace(farewell, online=True)), "x")
    store.bury(connection, topic("gw-1", ALARM), b"{}", "x")
    found = [replay(connection, number, NOW).outcome for number in letters.waiting(connection)]
    assert found == [Outcome.TAKEN, Outcome.REFUSED]


def test_the_command_lists_shows_and_replays(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        store.store_deliveries(connection, [create_delivery(create_record(1), gateway="gw-2")], NOW)
        store.bury(connection, topic("gw-1", READINGS), b"\x1b[31m no json", "bad\x1b[31m")
        connection.execute("INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-2', home_id FROM home")
        (tmp_path / "cloud.toml").write_text(f'[database]\ndsn = "{database}"\n', encoding="utf-8")

        def run(*arguments: str) -> tuple[int, str]:
            done = CliRunner().invoke(app, ["dead-letters", *arguments, "--config", str(tmp_path / "cloud.toml")])
            return done.exit_code, done.stdout

        code, listed = run("list", "--json")
        assert code == 0
        first, second = json.loads(listed)
        assert (first["topic"], first["times"]) == (topic("gw-2", READINGS), 1)
        code, text = run("list")
        assert (code, text.count("\n")) == (0, 2)
        assert "\x1b" not in text
        code, text = run("show", str(second["id"]))
        assert code == 0
        assert "1b 5b 33 31 6d" in text
        assert "\x1b" not in text
        assert run("show", "4711")[0] == 1
        assert run("replay")[0] == 2
        code, text = run("replay", "--all")
        assert code == 1
        assert "taken: 1 new, 0 there already" in text
        assert "still refused" in text
        assert [letter["id"] for letter in json.loads(run("list", "--json")[1])] == [second["id"]]
        assert one(connection, "SELECT count(*) FROM reading") == 1
