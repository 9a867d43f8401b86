"""A backlog drained from a gateway's outbox into the database, and what an alarm waits meanwhile.

Real processes: gateway, broker, ingester, alarm desk, PostgreSQL, all on this machine. An alarm is timed from the press
on disk until the home is told that the centre has it; once with nothing else going on, once while the backlog drains.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from cloud.db.migrate import migrate
from cloud.local.broker import LocalBroker
from cloud.local.postgres import EmbeddedPostgres
from edge.outbox import Outbox
from protocols.alarm.states import AlarmState
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from tests.bench._machine import machine
from tests.integration.test_edge_alarm import AlarmHome

BIN = Path(sys.executable).parent
GATEWAY = "gw-test"
SENSOR, METER, BUTTON = "ble:C0:FF:EE:00:00:03", "ble:C0:FF:EE:00:00:01", "ble:C0:FF:EE:00:00:04"
IDLE_PRESSES = 10
WITHIN_S = 600.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench uplink", description=__doc__)
    parser.add_argument("--readings", type=int, default=500_000, help="backlog of a run (default 500000)")
    parser.add_argument("--runs", type=int, default=3, help="runs (default 3)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    known = machine()
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as name, ExitStack() as parts:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        postgres = parts.enter_context(EmbeddedPostgres(folder / "postgres"))
        broker = parts.enter_context(LocalBroker(folder / "broker", 0))
        migrate(postgres.dsn)
        _register(postgres.dsn)
        addresses = {"DOORSTEP_DSN": postgres.dsn, "DOORSTEP_BROKER": broker.url}
        (folder / "cloud.toml").write_text(f'data = "{folder}"\n', encoding="utf-8")
        for stage in ("ingest", "alarms"):
            command = [str(BIN / "doorstep-cloud"), stage, "--config", str(folder / "cloud.toml")]
            parts.enter_context(_running(command, addresses))
        (folder / "alarm").mkdir()
        home = AlarmHome(folder / "alarm", broker.url)
        parts.callback(home.journal.close)
        parts.callback(home.stop)
        home.until_connected()
        _press(home)  # not counted: the desk may still be starting
        idle = [_press(home) for _ in range(IDLE_PRESSES)]
        runs = [_drain(folder, addresses, home, readings=options.readings, run=run) for run in range(options.runs)]
    figures = {"machine": known, **_figures(idle, runs, options.readings)}
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _figures(idle: list[float], runs: list[dict[str, Any]], readings: int) -> dict[str, Any]:
    draining = [seconds for run in runs for seconds in run["alarms_s"]]
    return {
        "drained_rows_s": round(statistics.median(run["drained_rows_s"] for run in runs)),
        "drained_runs": [round(run["drained_rows_s"]) for run in runs],
        "put_rows_s": round(statistics.median(run["put_rows_s"] for run in runs)),
        "gateway_peak_mb": max(run["gateway_peak_mb"] for run in runs),
        "stored": sum(run["stored"] for run in runs),
        "expected": readings * len(runs),
        "alarms_idle": len(idle),
        "alarm_idle_median_s": round(statistics.median(idle), 3),
        "alarm_idle_longest_s": round(max(idle), 3),
        "alarms_draining": len(draining),
        "alarm_draining_median_s": round(statistics.median(draining), 3),
        "alarm_draining_longest_s": round(max(draining), 3),
        "alarm_ratio": round(statistics.median(draining) / statistics.median(idle), 2),
    }


def _drain(folder: Path, addresses: dict[str, str], home: AlarmHome, *, readings: int, run: int) -> dict[str, Any]:
    dsn = addresses["DOORSTEP_DSN"]
    data = folder / f"gateway-{run}"
    put_s = _fill(data / "outbox.db", readings, run)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / f"edge-{run}.toml"
    config.write_text(f'gateway = "{GATEWAY}"\ndata = "{data}"\n[health]\nport = {port}\n', encoding="utf-8")
    before = _count(dsn)
    alarms: list[float] = []
    with _running([str(BIN / "doorstep-edge"), "run", "--config", str(config)], addresses) as gateway:
        deadline = time.monotonic() + WITHIN_S
        while _backlog(port) in (None, readings):  # starting, and nothing receipted yet
            _need_time(deadline)
            time.sleep(0.02)
        began = time.monotonic()
        while left := _backlog(port):
            _need_time(deadline)
            alarms.append(_press(home))
            time.sleep(0.5 if left > readings // 20 else 0.05)
        seconds = time.monotonic() - began
        peak_mb = _peak_mb(gateway.pid)
    return {
        "drained_rows_s": readings / seconds,
        "put_rows_s": readings / put_s,
        "gateway_peak_mb": peak_mb,
        "stored": _count(dsn) - before,
        "alarms_s": alarms,
    }


def _fill(path: Path, readings: int, run: int) -> float:
    """Seconds for it. Nine of ten were heard of a sensor, one is a meter's record; 50 a transaction."""
    start = datetime.now(UTC) - timedelta(days=7 * (run + 1))
    made = (_reading(place, start + timedelta(seconds=place)) for place in range(readings))
    outbox = Outbox(path)
    began = time.perf_counter()
    while batch := list(islice(made, 50)):
        outbox.put(batch)
    seconds = time.perf_counter() - began
    outbox.close()
    return seconds


def _reading(place: int, at: datetime) -> Reading:
    is_record = place % 10 == 0
    metric = Metric.GLUCOSE if is_record else Metric.HUMIDITY
    return Reading(
        device=METER if is_record else SENSOR,
        metric=metric,
        value=50.0 + place % 40,
        unit=CANONICAL_UNIT[metric],
        measured_at=at,
        received_at=at,
        device_time=at.replace(tzinfo=None, microsecond=0) if is_record else None,
    )


def _press(home: AlarmHome) -> float:
    """Seconds until the home was told that the centre has it."""
    began = time.perf_counter()
    home.until_told(home.press(), AlarmState.AT_CENTRE)
    return time.perf_counter() - began


def _register(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO region (code, name, level) VALUES ('bench', 'bench', 'community')")
        conn.execute("INSERT INTO home (code, region_id, address) SELECT 'bench', region_id, '' FROM region")
        conn.execute("INSERT INTO gateway (gateway_id, home_id) SELECT %s, home_id FROM home", (GATEWAY,))
        with conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO device (gateway_id, name, kind) VALUES (%s, %s, %s)",
                [
                    (GATEWAY, SENSOR, "shower_sensor"),
                    (GATEWAY, METER, "glucometer"),
                    (GATEWAY, BUTTON, "emergency_button"),
                ],
            )


@contextmanager
def _running(command: list[str], addresses: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, env={**os.environ, **addresses}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _backlog(port: int) -> int | None:
    """Rows that wait; None where the gateway does not answer yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            return int(json.load(answer)["backlog_rows"])
    except urllib.error.HTTPError as error:  # 503: not well, and it says what waits all the same
        with error:
            return int(json.load(error)["backlog_rows"])
    except urllib.error.URLError:
        return None


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise ValueError(f"process {pid} tells no peak of its memory")


def _need_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(f"the backlog was not drained within {WITHIN_S:.0f} s")


def _count(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT count(*) FROM reading").fetchone()
        assert row is not None
        return int(row[0])
