"""All SQL of an erasure. One elder is erased in one transaction."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cloud.db.pool import Connection
from cloud.db.tables import tables
from cloud.errors import NotFound
from cloud.privacy.erasure.ledger import Erasure
from cloud.privacy.erasure.model import Erased
from cloud.privacy.holdings import READINGS, Fate, Holding, holdings_in

_TIMEOUT = "SET LOCAL statement_timeout = '1h'"
_TO_BE_HEARD = 1 << 62
"""From here on `record_key` is of what was heard, which does not come again (protocols.reading.record_key)."""
# As retention does: 32 bytes of each row stay, so that what stands around it can be proven.
_NOTE_ERASED = f"""
INSERT INTO chain_reading (gateway_id, epoch, number, digest, why)
SELECT DISTINCT ON (t.gateway_id, t.epoch, t.outbox_number) t.gateway_id, t.epoch, t.outbox_number,
       reading_digest(d.name, t.metric, t.value, t.measured_at, t.received_at, t.device_time, t.clock_offset_s,
                      t.sequence, t.user_slot, t.meal, t.flags), 'erased'
FROM reading t JOIN device d USING (device_id) WHERE {READINGS.gone}
ORDER BY t.gateway_id, t.epoch, t.outbox_number
ON CONFLICT (gateway_id, epoch, number) DO UPDATE SET why = 'erased'
"""  # noqa: S608 - constants of ours
# What a meter keeps in its memory may be read out again; its identity stays, so that it is not stored again.
_DROP = f"""
WITH gone AS (
    DELETE FROM reading t WHERE {READINGS.gone} RETURNING device_id, record_key, metric, measured_at),
forgotten AS (
    DELETE FROM reading_identity USING gone
    WHERE reading_identity.device_id = gone.device_id AND reading_identity.record_key = gone.record_key
      AND reading_identity.metric = gone.metric AND gone.record_key >= {_TO_BE_HEARD})
SELECT count(*), min(measured_at), max(measured_at) FROM gone
"""  # noqa: S608 - constants of ours
_LAST = (
    "SELECT NOT EXISTS (SELECT FROM elder o WHERE o.home_id = e.home_id AND o.elder_id <> e.elder_id) "
    "FROM elder e WHERE elder_id = %(elder)s"
)
"""Whether nobody else lives in their home."""
_FIGURES = ("reading_hourly_live", "reading_daily_live")
_BUCKETS = timedelta(days=1)


def elder_of(connection: Connection, code: str) -> int:
    """Raises NotFound."""
    row = connection.execute("SELECT elder_id FROM elder WHERE code = %s", (code,)).fetchone()
    if row is None:
        raise NotFound(f"there is no elder {code!r}; `doorstep-cloud seed` and the community file say which there are")
    return int(row[0])


def open_calls(connection: Connection, elder_id: int) -> int:
    """Calls for help of this elder that are not closed."""
    row = connection.execute(
        "SELECT count(*) FROM alarm WHERE elder_id = %s AND state <> 'closed'", (elder_id,)
    ).fetchone()
    return int(row[0]) if row else 0


def elders(connection: Connection) -> list[tuple[int, str]]:
    """Number and code of all."""
    return [(elder_id, code) for elder_id, code in connection.execute("SELECT elder_id, code FROM elder").fetchall()]


def erase(connection: Connection, elder_id: int) -> Erased:
    """Takes out of the database what is kept of this elder, but what `HOLDINGS` says has to stay. Raises NotFound."""
    with connection.transaction():
        connection.execute(_TIMEOUT)
        connection.execute("SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0")
        row = connection.execute(_LAST + " FOR UPDATE", {"elder": elder_id}).fetchone()
        if row is None:
            raise NotFound(f"there is no elder {elder_id}")
        values = {"elder": elder_id, "last": row[0]}
        rows, measured = {}, None
        for holding in holdings_in(tables(connection)):
            if holding is READINGS:
                connection.execute(_NOTE_ERASED.encode(), values)
                count, first, newest = connection.execute(_DROP.encode(), values).fetchone() or (0, None, None)
                measured = None if first is None else (first, newest)
            else:
                count = _take(connection, holding, values)
            if count:
                rows[holding.table] = count
    return Erased(elder_id, rows, measured)


def forget_figures(connection: Connection, begin: datetime, end: datetime) -> None:
    """Makes the hourly and daily figures anew where they are kept ready (TimescaleDB). Commits by itself."""
    for name in _FIGURES:
        kept = connection.execute(
            "SELECT to_regclass('timescaledb_information.continuous_aggregates') IS NOT NULL"
        ).fetchone()
        if kept == (True,):
            connection.execute(
                "CALL refresh_continuous_aggregate(%s, %s, %s)", (name, begin - _BUCKETS, end + 2 * _BUCKETS)
            )


def noted(connection: Connection) -> list[Erasure]:
    """Those that the database knows of."""
    rows = connection.execute("SELECT encode(digest, 'hex'), encode(code_digest, 'hex'), erased_at FROM erasure")
    return [Erasure(digest, code, at.astimezone(UTC)) for digest, code, at in rows.fetchall()]


def note(connection: Connection, erasures: Iterable[Erasure]) -> None:
    """Those that it does not know of yet."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO erasure (digest, code_digest, erased_at) VALUES (decode(%s, 'hex'), decode(%s, 'hex'), %s) "
            "ON CONFLICT (digest) DO NOTHING",
            [(one.digest, one.code_digest, one.erased_at) for one in erasures],
        )


def counts(connection: Connection, elder_id: int) -> dict[str, int]:
    """Rows of each table that an erasure would delete or clear."""
    found = {}
    with connection.transaction():
        connection.execute(_TIMEOUT)
        last = connection.execute(_LAST, {"elder": elder_id}).fetchone()
        for holding in holdings_in(tables(connection)):
            if holding.fate is not Fate.STAYS:
                row = connection.execute(
                    f"SELECT count(*) FROM {holding.table} t WHERE {holding.gone}".encode(),  # noqa: S608 - ours
                    {"elder": elder_id, "last": bool(last and last[0])},
                ).fetchone()
                if row and row[0]:
                    found[holding.table] = int(row[0])
    return found


def _take(connection: Connection, holding: Holding, values: dict[str, object]) -> int:
    match holding.fate:
        case Fate.DELETED:
            query = f"DELETE FROM {holding.table} t WHERE {holding.gone}"  # noqa: S608 - constants of ours
        case Fate.CLEARED:
            query = f"UPDATE {holding.table} t SET {holding.clears} WHERE {holding.gone}"  # noqa: S608 - as above
        case Fate.STAYS:
            return 0
    return connection.execute(query.encode(), values).rowcount
