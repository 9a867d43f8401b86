"""Identities: made for the rows of every released version, and duplicates refused where the rows lie compressed."""

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from importlib import resources

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud.db.migrate import migrate
from cloud.local.postgres import EmbeddedPostgres
from cloud.readings import store
from protocols.reading import record_key
from tests.integration.test_ingest_store import CUFF, NOW, create_delivery, create_record, one, populate, rows, wear

pytestmark = pytest.mark.integration

_TIMESCALE = os.environ.get("DOORSTEP_TEST_DSN")
RELEASED = ("0001", "0002", "0003", "0004")


@pytest.fixture(params=["plain", "timescale"])
def any_bare_database(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    """A database without any table, and which kind of server it is on."""
    if request.param == "timescale" and _TIMESCALE is None:
        pytest.skip("skipped: no TimescaleDB at DOORSTEP_TEST_DSN")
    server = _TIMESCALE if request.param == "timescale" and _TIMESCALE is not None else postgres.dsn
    name = f"test_identity_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield make_conninfo(server, dbname=name), request.param
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def bring_to(connection: store.Connection, kind: str, version: str) -> None:
    """The schema as it was released: our files up to `version`."""
    connection.execute(
        "CREATE TABLE schema_version (name text PRIMARY KEY, digest bytea NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now())"
    )
    if kind == "timescale":
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("SELECT _timescaledb_functions.stop_background_workers()")  # else old chunks get compressed
    folder = resources.files("cloud.db") / "migrations"
    files = sorted(folder.iterdir(), key=lambda file: file.name.removesuffix(".sql"))
    for file in files:
        variant = file.name.removesuffix(".sql").partition(".")[2]
        if file.name[:4] <= version and variant in ("", kind):
            text = file.read_text(encoding="utf-8")
            connection.execute(text.encode())
            connection.execute(
                "INSERT INTO schema_version (name, digest) VALUES (%s, %s)",
                (file.name, hashlib.sha256(text.encode()).digest()),
            )


def where_rows_lie(connection: store.Connection, kind: str) -> list[int]:
    """The files of the table or of its chunks: they change when it is rewritten."""
    tables = "show_chunks('reading')" if kind == "timescale" else "(VALUES ('reading'::regclass)) AS t"
    return [
        file
        for (file,) in connection.execute(
            f"SELECT pg_relation_filenode(t::oid::regclass) FROM {tables.replace(' AS t', '')} AS t (t)".encode()
        )
    ]


@pytest.mark.parametrize("version", RELEASED)
def test_rows_of_a_released_version_get_their_identities_where_they_lie(
    any_bare_database: tuple[str, str], version: str
) -> None:
    dsn, kind = any_bare_database
    records = [create_record(number) for number in range(5)] + [create_record(7, user_slot=slot) for slot in (0, 2)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        bring_to(connection, kind, version)
        populate(connection)
        for number, record in enumerate(records):
            old_key = record_key(record) & (1 << 54) - 1
            connection.execute(
                "INSERT INTO reading (device_id, metric, record_key, measured_at, value, user_slot, device_time, "
                "sequence, received_at, gateway_id, epoch, outbox_number) "
                "SELECT device_id, %s, %s, %s, %s, %s, %s, %s, %s, 'gw-1', 1, %s FROM device WHERE name = %s",
                (record.metric, old_key, record.measured_at + timedelta(seconds=number), record.value,
                 record.user_slot, record.device_time, record.sequence, NOW, number + 1, CUFF),
            )  # fmt: skip
        connection.execute("INSERT INTO outbox_stream (gateway_id, epoch, stored) VALUES ('gw-1', 1, '{[1,8)}')")
        before, files = rows(connection), where_rows_lie(connection, kind)
        migrate(dsn)
        assert connection.execute("SELECT readings FROM outbox_stream").fetchall() == [(len(records),)]
        assert rows(connection) == before
        assert where_rows_lie(connection, kind) == files
        again = create_delivery(*records, create_record(8), first=101)
        stored = store.store_deliveries(connection, [again], NOW)
        assert (stored.readings, stored.duplicates) == (1, len(records))


def test_compressed_chunks_take_late_rows_and_refuse_what_they_hold(any_database: str) -> None:
    """On plain PostgreSQL the same, with nothing to compress."""
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        wear(connection, CUFF, "elder-1")
        old = [
            create_record(number, measured_at=NOW - timedelta(days=30), received_at=NOW, clock_offset_s=1.0)
            for number in range(300)
        ]
        store.store_deliveries(connection, [create_delivery(*old)], NOW)
        compressed = 0
        if one(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'"):
            compressed = connection.execute("SELECT compress_chunk(c) FROM show_chunks('reading') c").rowcount
            assert compressed == 1
        before = rows(connection)
        corrected = [create_record(number, measured_at=NOW - timedelta(days=40)) for number in range(300)]
        late = [create_record(number, measured_at=NOW - timedelta(days=30)) for number in range(300, 400)]
        stored = store.store_deliveries(connection, [create_delivery(*corrected, *late, first=1001)], NOW)
        assert (stored.readings, stored.duplicates) == (100, 300)
        assert [row for row in rows(connection) if row in before] == before
        if compressed:
            chunks = connection.execute(
                "SELECT is_compressed FROM timescaledb_information.chunks WHERE hypertable_name = 'reading'"
            ).fetchall()
            assert chunks == [(True,)]


def test_some_new_among_many_known_are_stored_and_the_rest_refused(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        first = [create_record(number) for number in range(0, 100, 3)]
        store.store_deliveries(connection, [create_delivery(*first)], NOW)
        both = [create_record(number) for number in range(100)]
        stored = store.store_deliveries(connection, [create_delivery(*both, *both, first=1001)], NOW)
        assert (stored.readings, stored.duplicates) == (66, 134)
        assert one(connection, "SELECT count(*) FROM reading_identity") == 100


def test_what_the_registry_says_now_holds_for_the_next_reading(database: str) -> None:
    """What was looked up before is forgotten when somebody else is registered, in whatever transaction."""
    with psycopg.connect(database, autocommit=True) as connection, psycopg.connect(database) as other:
        populate(connection)
        store.store_deliveries(connection, [create_delivery(create_record(1))], NOW)
        wear(other, CUFF, "elder-1")
        store.store_deliveries(connection, [create_delivery(create_record(2), first=2)], NOW)
        other.commit()
        store.store_deliveries(connection, [create_delivery(create_record(3), first=3)], NOW)
        found = connection.execute(
            "SELECT elder.code FROM reading LEFT JOIN elder USING (elder_id) ORDER BY outbox_number"
        ).fetchall()
        assert found == [(None,), (None,), ("elder-1",)]
