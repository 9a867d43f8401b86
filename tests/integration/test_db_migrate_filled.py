"""Databases that hold something come through every migration: nothing is lost, and nothing is refused that was allowed.

Each row is put in as soon as the schema has a place for it, so that every later migration meets it.
"""

import hashlib
from collections.abc import Iterator
from importlib import resources

import psycopg
import pytest
from psycopg import errors, sql

from cloud.db.migrate import migrate, migration_names
from tests.integration.access.filled import Connection, rows_of_everything

pytestmark = pytest.mark.integration

OLDEST = "0004"
"""The oldest that was released."""
_NOT_YET = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.UndefinedFunction,
    errors.SyntaxError,  # more values than columns
    errors.NotNullViolation,
    errors.CheckViolation,
    errors.ForeignKeyViolation,
)
_STILL_EMPTY = frozenset({"chain_head", "sms_heard", "erasure", "audit_start"})
"""Tables that no migration after their own touches."""
_OLD_WAYS = (
    # what the rules of 0027 do not allow any more
    "INSERT INTO visit (elder_id, kind, priority, state, nurse_id, asked_at, promised_by) VALUES "
    "(%(elder)s, 'alert', 'today', 'declined', %(staff)s, now(), now()), "
    "(%(elder)s, 'alert', 'today', 'accepted', %(staff)s, now(), now()), "
    "(%(elder)s, 'alert', 'now', 'travelling', %(desk)s, now(), now())",
    "INSERT INTO visit_event (visit_id, state, at, note) SELECT visit_id, 'declined', now(), 'no' FROM visit "
    "WHERE state = 'declined'",
    "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at, state, taken_by, closed_at, "
    "close_reason) VALUES (gen_random_uuid(), 'here', %(elder)s, 'personal_trigger', 'x', now(), now(), 'closed', "
    "%(staff)s, now(), 'real')",
    "INSERT INTO dead_letter (topic, payload, digest, reason) VALUES ('doorstep/v1/here/readings', 'x', 'y', 'z')",
    # of what nobody looks at through the web, `filled` has none
    *(
        f"INSERT INTO reading_{every}_kept SELECT %(elder)s, 'motion', now(), 1, 1, 1, 1"
        for every in ("hourly", "daily")
    ),
    "INSERT INTO chain_reading (gateway_id, epoch, number, digest, why) VALUES ('here', 1, 9, sha256(''), 'refused')",
    "INSERT INTO sms (recipient, body, asked_at) VALUES ('+8613800000001', 'x', now())",
    "INSERT INTO sms_key (gateway_id, key_id, key) VALUES ('here', 'abcd', repeat('k', 32)::bytea)",
)
_BEGIN = (
    "INSERT INTO region (code, name, level) VALUES ('here', 'here', 'street')",
    "INSERT INTO home (code, region_id, address) SELECT 'here', region_id, 'here' FROM region",
    "INSERT INTO elder (code, home_id, name, link_hash) SELECT 'here', home_id, 'here', '\\x01' FROM home",
    "INSERT INTO staff (login, name, role, region_id, password_hash) "
    "SELECT 'here-' || role, role, role, region_id, '' FROM region, unnest(ARRAY['nurse', 'desk']) AS role",
)


def files(dsn: str) -> Iterator[tuple[str, str]]:
    """Name and text of each migration for that server, in their order."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT current_setting('shared_preload_libraries') LIKE '%timescaledb%'").fetchone()
    kind = "timescale" if row == (True,) else "plain"
    for name in migration_names():
        if name.removesuffix(".sql").partition(".")[2] in ("", kind):
            yield name, (resources.files("cloud.db") / "migrations" / name).read_text(encoding="utf-8")


def apply(connection: Connection, name: str, text: str) -> None:
    """As `migrate` does."""
    with connection.transaction():
        connection.execute(text.encode())
        connection.execute(
            "INSERT INTO schema_version (name, digest) VALUES (%s, %s)", (name, hashlib.sha256(text.encode()).digest())
        )


def begin(connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE schema_version (name text PRIMARY KEY, digest bytea NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now())"
    )


def fill(connection: Connection, waiting: list[str]) -> list[str]:
    """Puts in what has a place by now; gives what has none yet."""
    row = connection.execute(
        "SELECT region.region_id, elder_id, min(staff_id), max(staff_id) FROM region, elder, staff "
        "WHERE login IN ('here-nurse', 'here-desk') GROUP BY 1, 2"
    ).fetchone()
    assert row is not None
    region, elder, nurse, desk = row
    values = {"n": "here", "r": region, "elder": elder, "staff": nurse, "desk": desk}
    values |= {"digest": hashlib.sha256(b"here").digest()}
    left = []
    for statement in waiting:
        try:
            with connection.transaction():
                connection.execute(statement.encode(), values)
        except _NOT_YET:
            left.append(statement)
        except errors.UniqueViolation:
            pass  # a migration made that row of others
    return left


def contents(connection: Connection, names: list[str], columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """What stands in `columns` of each table, as text."""
    found = {}
    for name in names:
        fields = sql.SQL(", ").join(map(sql.Identifier, columns[name]))
        query = sql.SQL("SELECT ROW({})::text FROM {}").format(fields, sql.Identifier(name))
        found[name] = sorted(str(row) for (row,) in connection.execute(query).fetchall())
    return found


def columns_now(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
        "ORDER BY table_name, ordinal_position"
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found


def test_every_migration_meets_rows(bare_any_database: str) -> None:
    with psycopg.connect(bare_any_database, autocommit=True) as connection:
        begin(connection)
        waiting: list[str] | None = None
        for name, text in files(bare_any_database):
            if waiting is None and name[:4] > "0001":  # one version, in a file for all servers and one for each kind
                for statement in _BEGIN:
                    connection.execute(statement.encode())
                waiting = fill(connection, [*_OLD_WAYS, *rows_of_everything()])
            apply(connection, name, text)
            waiting = None if waiting is None else fill(connection, waiting)
        assert waiting == []
        assert migrate(bare_any_database).applied != ()  # the job queue
        counted = {
            name: connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
            for name in columns_now(connection)
            if not name.startswith("procrastinate")
        }
    assert {name for name, count in counted.items() if count == (0,)} == _STILL_EMPTY


def test_the_oldest_release_comes_to_the_newest_at_once(bare_any_database: str) -> None:
    with psycopg.connect(bare_any_database, autocommit=True) as connection:
        begin(connection)
        for name, text in files(bare_any_database):
            if name[:4] <= OLDEST:
                apply(connection, name, text)
        for statement in _BEGIN:
            connection.execute(statement.encode())
        fill(connection, [*_OLD_WAYS, *rows_of_everything()])
        columns = columns_now(connection)
        del columns["schema_version"]
        filled = [name for name, rows in contents(connection, list(columns), columns).items() if rows]
        assert {"reading", "visit", "alarm", "alert", "staff", "outbox_stream", "dead_letter"} <= set(filled)
        before = contents(connection, filled, columns)
        assert len(migrate(bare_any_database).applied) > 20
        after = contents(connection, filled, columns)
        assert migrate(bare_any_database).applied == ()
    assert {name for name in filled if before[name] != after[name]} == {"visit"}
    assert [row.replace("declined", "cancelled") for row in before["visit"]] == after["visit"]
