"""What this database can do at most with duplicates refused: no MQTT, no JSON, no receipts, one connection.

One table with the same columns, its natural key and the index that pages need; rows come as ready bytes by COPY BINARY
into a temporary table, and INSERT ... ON CONFLICT DO NOTHING takes them over, 5,000 in a transaction.
"""

import time

import numpy as np
import psycopg

from cloud.readings.columns import columns_of
from cloud.readings.record_keys import record_keys
from cloud.readings.rows import COLUMNS, Rows, encode_rows
from cloud.registry.whose import Whose, Why
from protocols.telemetry.messages import ReadingsMessage
from tests.bench._ingest_load import START, messages

_IN_A_TRANSACTION = 5_000


def batches(homes: int, readings: int) -> list[bytes]:
    """The rows as COPY takes them."""
    sent = list(messages(homes, readings, 20))
    a_transaction = _IN_A_TRANSACTION // 20
    return [_rows(sent[at : at + a_transaction]) for at in range(0, len(sent), a_transaction)]


def _rows(sent: list[tuple[str, ReadingsMessage]]) -> bytes:
    columns = columns_of([reading for _, message in sent for reading in message.readings])
    of = np.repeat(np.arange(len(sent)), [len(message.readings) for _, message in sent])
    ids = np.array([1 + int(gateway.removeprefix("bench-")) for gateway, _ in sent])
    numbers = [message.first + place for _, message in sent for place in range(len(message.readings))]
    rows = Rows(
        columns=columns,
        device_ids=ids[of],
        record_keys=record_keys(columns),
        epochs=np.array([message.epoch for _, message in sent])[of],
        numbers=np.array(numbers),
        owners=[Whose(id_, 1.0, Why.ONLY_WEARER) for id_ in ids.tolist()],
        owner_of=of,
        gateways=[gateway for gateway, _ in sent],
        gateway_of=of,
    )
    return encode_rows(rows, np.arange(len(of)), START)


def seconds(dsn: str, rows: list[bytes]) -> float:
    """To insert them all into an empty table."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("DROP TABLE IF EXISTS ceiling")
        conn.execute("CREATE TABLE ceiling (LIKE reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        conn.execute("ALTER TABLE ceiling ADD PRIMARY KEY (device_id, metric, record_key, measured_at)")
        conn.execute("CREATE INDEX ON ceiling (elder_id, metric, measured_at DESC) INCLUDE (value, flags, meal)")
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
