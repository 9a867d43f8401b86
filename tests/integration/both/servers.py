"""Two databases that hold the same, and a word for all that one of them holds."""

from typing import Any

import psycopg

from cloud.db.pool import Connection

_OURS = (
    "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname = 'public' AND relkind IN ('r', 'p') AND relname NOT LIKE 'procrastinate%%' "
    "AND relname <> 'schema_version' ORDER BY pg_class.oid"
)
"""In the order of their making, so that no row comes before those that it points at."""


def copy_all(source: str, target: str) -> None:
    """Every row of our tables, and where the numbering of each stands."""
    with psycopg.connect(source) as reading, psycopg.connect(target) as writing:
        writing.execute("SET LOCAL session_replication_role = replica")  # rows of triggers come with the others
        for table in tables(reading):
            writing.execute(f"DELETE FROM {table}".encode())  # what a migration put there
            columns = ", ".join(_columns(reading, table))
            with (
                reading.cursor().copy(f"COPY {table} ({columns}) TO STDOUT".encode()) as rows,
                writing.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copied,
            ):
                for block in rows:
                    copied.write(block)
        for name, last in reading.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' "
            "AND sequencename NOT LIKE 'procrastinate%%' AND last_value IS NOT NULL"
        ).fetchall():
            writing.execute("SELECT setval(%s, %s)", (name, last))


def tables(connection: Connection) -> list[str]:
    return [str(name) for (name,) in connection.execute(_OURS).fetchall()]


def contents_query(names: list[str]) -> str:
    """One row of digests, a column a table: what stands in each, in whatever order it lies."""
    return "SELECT " + ", ".join(
        f"(SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text COLLATE \"C\")), '') "
        f"FROM {name} AS t) AS {name}"
        for name in names
    )


def materialise(dsn: str, until: Any) -> None:
    """What TimescaleDB's policies do in time: figures computed up to `until`, and old chunks in the columnstore."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for view in ("reading_hourly_live", "reading_daily_live"):
            connection.execute("CALL refresh_continuous_aggregate(%s, NULL, %s)", (view, until))
        row = connection.execute(
            "SELECT compression_enabled FROM timescaledb_information.hypertables WHERE hypertable_name = 'reading'"
        ).fetchone()
        if row is not None and row[0]:
            connection.execute(
                "SELECT compress_chunk(chunk) FROM show_chunks('reading', older_than => %s) AS chunk", (until,)
            )


def _columns(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        (table,),
    )
    return [str(name) for (name,) in rows]
