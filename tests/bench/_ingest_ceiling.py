"""What this database can do at most with duplicates refused: no MQTT, no JSON, no receipts, one connection.

One table with the same columns, its natural key and the index that pages need; rows come as ready bytes by COPY BINARY
into a temporary table, and INSERT ... ON CONFLICT DO NOTHING takes them over, 5,000 in a transaction.
"""

import time

import psycopg

from cloud.readings.ownership import Line
from cloud.readings.rows import COLUMNS, HEADER, TRAILER, Place, encode_instant, encode_row
from cloud.registry.whose import Whose, Why
from protocols.reading import record_key
from tests.bench._ingest_load import START, messages

_IN_A_TRANSACTION = 5_000
_COPY = f"COPY arriving ({COLUMNS}) FROM STDIN (FORMAT binary)".encode()


def batches(homes: int, readings: int) -> list[bytes]:
    """The rows as COPY takes them."""
    stored_at = encode_instant(START)
    rows = [
        encode_row(
            Line(1 + int(gateway.removeprefix("bench-")), record_key(reading), reading),
            Whose(1 + int(gateway.removeprefix("bench-")), 1.0, Why.ONLY_WEARER),
            Place(gateway, message.epoch, message.first + place),
            stored_at,
        )
        for gateway, message in messages(homes, readings, 20)
        for place, reading in enumerate(message.readings)
    ]
    return [
        b"".join([HEADER, *rows[at : at + _IN_A_TRANSACTION], TRAILER]) for at in range(0, len(rows), _IN_A_TRANSACTION)
    ]


def seconds(dsn: str, rows: list[bytes]) -> float:
    """To insert them all into an empty table."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("DROP TABLE IF EXISTS ceiling")
        conn.execute("CREATE TABLE ceiling (LIKE reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        conn.execute("ALTER TABLE ceiling ADD PRIMARY KEY (device_id, metric, record_key, measured_at)")
        conn.execute("CREATE INDEX ON ceiling (elder_id, metric, measured_at DESC) INCLUDE (value)")
        conn.execute("CREATE TEMP TABLE arriving ON COMMIT DELETE ROWS AS SELECT * FROM reading LIMIT 0")
        conn.execute("CHECKPOINT")
        began = time.perf_counter()
        for batch in rows:
            with conn.transaction():
                with (
                    conn.cursor() as cursor,
                    cursor.copy(f"COPY arriving ({COLUMNS}) FROM STDIN (FORMAT binary)") as copy,
                ):
                    copy.write(batch)
                conn.execute(f"INSERT INTO ceiling ({COLUMNS}) SELECT {COLUMNS} FROM arriving ON CONFLICT DO NOTHING")
        taken = time.perf_counter() - began
        conn.execute("DROP TABLE ceiling")
    return taken
