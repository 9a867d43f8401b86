"""From MQTT publish to committed and readable, beside the deduplicating ceiling of the same database.

The ceiling is COPY into a temporary table and INSERT ... ON CONFLICT DO NOTHING, without MQTT, JSON or receipts. Ours
is the `doorstep-cloud ingest` process behind a real broker, fed in messages of 20 readings and timed until the last
reading can be selected.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from cloud.db.migrate import migrate
from cloud.local.broker import LocalBroker
from cloud.local.postgres import EmbeddedPostgres
from protocols.reading import CANONICAL_UNIT, Metric, Reading, record_key
from protocols.telemetry import topics
from protocols.telemetry.messages import ReadingsMessage, encode

PER_MESSAGE = 20
WITHIN_S = 300.0
BIN = Path(sys.executable).parent


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench ingest", description=__doc__)
    parser.add_argument("--readings", type=int, default=100_000, help="readings a run (default 100000)")
    parser.add_argument("--homes", type=int, default=2_000, help="homes that send them (default 2000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        with EmbeddedPostgres(folder / "postgres") as postgres, LocalBroker(folder / "broker", 0) as broker:
            migrate(postgres.dsn)
            _register(postgres.dsn, options.homes)
            figures = _measure(postgres.dsn, broker.url, folder, options)
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _measure(dsn: str, broker: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    ceiling, ours = [], []
    stored = 0
    for run in range(options.runs):
        messages = _messages(options.homes, options.readings, run)
        ceiling.append(options.readings / _ceiling(dsn, messages))
        with _ingester(dsn, broker, folder):
            before = _count(dsn)
            ours.append(options.readings / _publish_and_wait(dsn, broker, messages, before + options.readings))
            stored += _count(dsn) - before
    best = statistics.median(ceiling)
    return {
        "ceiling_dedup_rows_s": round(best),
        "ceiling_runs": [round(value) for value in ceiling],
        "batched_rows_s": round(statistics.median(ours)),
        "batched_runs": [round(value) for value in ours],
        "batched_ratio": round(statistics.median(ours) / best, 3),
        "stored": stored,
        "expected": options.readings * options.runs,
    }


def _messages(homes: int, readings: int, run: int) -> list[tuple[str, ReadingsMessage]]:
    """The same load from every home, as gateways send it; each run has days of its own."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=30 * run)
    messages = []
    for number in range(readings // PER_MESSAGE):
        home, turn = number % homes, number // homes
        batch = tuple(
            Reading(
                device="bench",
                metric=metric,
                value=float(120 + place),
                unit=CANONICAL_UNIT[metric],
                measured_at=start + timedelta(seconds=turn * PER_MESSAGE + place),
                received_at=start + timedelta(seconds=turn * PER_MESSAGE + place),
                device_time=(start + timedelta(seconds=turn * PER_MESSAGE + place)).replace(tzinfo=None),
            )
            for place, metric in zip(
                range(PER_MESSAGE), (Metric.SYSTOLIC, Metric.DIASTOLIC) * PER_MESSAGE, strict=False
            )
        )
        first = turn * PER_MESSAGE + 1
        messages.append((_gateway(home), ReadingsMessage(epoch=run, first=first, sent_at=start, readings=batch)))
    return messages


def _gateway(home: int) -> str:
    return f"bench-{home}"


def _register(dsn: str, homes: int) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO region (code, name, level) VALUES ('bench', 'bench', 'community')")
        conn.execute(
            "INSERT INTO home (code, region_id, address) "
            "SELECT 'bench-' || n, region_id, '' FROM region, generate_series(0, %s) n",
            (homes - 1,),
        )
        conn.execute("INSERT INTO gateway (gateway_id, home_id) SELECT code, home_id FROM home")
        conn.execute("INSERT INTO device (gateway_id, name, kind) SELECT code, 'bench', 'sphygmomanometer' FROM home")
        conn.execute("CREATE TABLE ceiling (LIKE reading INCLUDING ALL)")


def _ceiling(dsn: str, messages: list[tuple[str, ReadingsMessage]]) -> float:
    """Seconds for the same rows by COPY and INSERT ... ON CONFLICT, in transactions of 5,000."""
    rows = [
        (1 + place % 1000, reading.metric.value, record_key(reading) + place, reading.measured_at, reading.value,
         reading.device_time, reading.received_at, gateway, message.epoch, message.first)
        for place, (gateway, message) in enumerate(messages)
        for reading in message.readings
    ]  # fmt: skip
    columns = (
        "device_id, metric, record_key, measured_at, value, device_time, received_at, gateway_id, epoch, outbox_number"
    )
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("TRUNCATE ceiling")
        conn.execute(f"CREATE TEMP TABLE arriving ON COMMIT DELETE ROWS AS SELECT {columns} FROM reading LIMIT 0")
        began = time.perf_counter()
        for at in range(0, len(rows), 5_000):
            with conn.transaction():
                with conn.cursor() as cursor, cursor.copy(f"COPY arriving ({columns}) FROM STDIN") as copy:
                    for row in rows[at : at + 5_000]:
                        copy.write_row(row)
                conn.execute(f"INSERT INTO ceiling ({columns}) SELECT {columns} FROM arriving ON CONFLICT DO NOTHING")
        return time.perf_counter() - began


@contextmanager
def _ingester(dsn: str, broker: str, folder: Path) -> Iterator[None]:
    config = folder / "cloud.toml"
    config.write_text(f'data = "{folder}"\n', encoding="utf-8")
    process = subprocess.Popen(
        [BIN / "doorstep-cloud", "ingest", "--config", config],
        env={**os.environ, "DOORSTEP_DSN": dsn, "DOORSTEP_BROKER": broker},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _publish_and_wait(dsn: str, broker: str, messages: list[tuple[str, ReadingsMessage]], expected: int) -> float:
    """Seconds from the first publish until `expected` rows can be selected. Encoding is the homes' work: not timed."""
    host, port = broker.removeprefix("mqtt://").split(":")
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(1_000)
    client.max_queued_messages_set(0)
    client.connect(host, int(port))
    client.loop_start()
    letters = [(topics.topic(gateway, topics.READINGS), encode(message)) for gateway, message in messages]
    _until_heard(client, dsn, expected)
    began = time.perf_counter()
    for topic, payload in letters:
        client.publish(topic, payload, qos=1)
    deadline = began + WITHIN_S
    while (count := _count(dsn)) < expected:
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{count} of {expected} readings stored after {WITHIN_S:.0f} s")
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    client.disconnect()
    client.loop_stop()
    return seconds


def _until_heard(client: mqtt.Client, dsn: str, expected: int) -> None:
    """Waits until the ingester listens: it answers a letter that is no letter with a dead letter."""
    deadline = time.monotonic() + 30
    with psycopg.connect(dsn, autocommit=True) as conn:
        while time.monotonic() < deadline:
            client.publish(topics.topic("bench-0", topics.READINGS), f"hello {expected} {time.monotonic()}", qos=1)
            time.sleep(0.1)
            row = conn.execute("DELETE FROM dead_letter RETURNING 1").fetchone()
            if row is not None:
                return
    raise TimeoutError("the ingester did not listen within 30 s")


def _count(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT count(*) FROM reading").fetchone()
        assert row is not None
        return int(row[0])
