"""From MQTT publish to committed and readable, beside what the database can do at most and beside other ways.

2,000 homes and a million readings, 20 a message as gateways send them and one a message; from the first publish until
the last reading can be selected, duplicates refused, acknowledged after COMMIT. All figures of a file come from one run
on one machine; its ratios can be compared, its figures only on the same machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from cloud.db.migrate import migrate
from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.local.postgres import EmbeddedPostgres
from tests.bench import _ingest_ceiling as ceiling
from tests.bench._ingest_load import packets_of, register
from tests.bench._ingest_peers import PEERS, Peer, PeerMissing
from tests.bench._machine import machine
from tests.bench._street import WITHIN_S, Street
from tests.bench._usage import Usage, usage_of

PER_MESSAGE = 20
_STALLED_S = 20.0
_TRIES = 3
BIN = Path(sys.executable).parent
FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "doorstep-bench"
"""Where peers are installed, once."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench ingest", description=__doc__)
    parser.add_argument("--readings", type=int, default=1_000_000, help="readings a run (default 1000000)")
    parser.add_argument("--homes", type=int, default=2_000, help="homes that send them (default 2000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--dsn", help="a server on which a database may be made (default: the embedded one)")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"which, of {', '.join(PEERS)}; none: ''")
    parser.add_argument("--peer-folder", type=Path, default=FOLDER, help=f"where they are installed (default {FOLDER})")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    known = machine()
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        with _database(options.dsn, folder) as dsn, LocalBroker(folder / "broker", 0) as broker:
            timescale = migrate(dsn).timescale
            register(dsn, options.homes)
            found = Bench(dsn, broker.url, folder, options).all()
            figures = {"machine": known, "timescale": timescale, **found}
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0 if figures["stored"] == figures["expected"] else 1


@contextmanager
def _database(server: str | None, folder: Path) -> Iterator[str]:
    if server is None:
        with EmbeddedPostgres(folder / "postgres") as postgres:
            yield postgres.dsn
        return
    name = f"doorstep_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class Stalled(TimeoutError):
    """Nobody sends again here what the broker forgot with a broken connection; gateways do, who miss receipts."""


class Bench:
    """The runs on one database and one broker."""

    def __init__(self, dsn: str, broker: str, folder: Path, options: argparse.Namespace) -> None:
        self._dsn, self._broker, self._folder, self._options = dsn, broker, folder, options
        self._stored = self._expected = 0
        self._stalled: list[str] = []
        self._config = folder / "cloud.toml"
        self._config.write_text(f'data = "{folder}"\n', encoding="utf-8")
        self._log = (folder / "ingesters.log").open("ab")

    def all(self) -> dict[str, Any]:
        homes, readings, runs = self._options.homes, self._options.readings, range(self._options.runs)
        batches = ceiling.batches(homes, readings)
        batched = packets_of(homes, readings, PER_MESSAGE)
        single = packets_of(homes, readings, 1)
        kinds = {
            "batched": (batched, 1),
            "batched_2proc": (batched, 2),
            "single": (single, 1),
            "single_2proc": (single, 2),
        }
        peers, missing = self._installed()
        found: dict[str, list[float]] = {name: [] for name in ("ceiling", *kinds, *peers)}
        usages: dict[str, list[Usage]] = {name: [] for name in ("single", *peers)}
        for _ in runs:  # in turn, so that a busy minute of the machine falls on all
            found["ceiling"].append(readings / ceiling.seconds(self._dsn, batches))
            _say("ceiling", found["ceiling"][-1], Usage(0, 0))
            for name, (letters, count) in kinds.items():
                rows_s, usage = self._run_until_whole(letters, count)
                found[name].append(rows_s)
                if name == "single":
                    usages[name].append(usage)
                _say(name, rows_s, usage)
            for name, peer in peers.items():
                if name in missing:
                    continue
                try:
                    rows_s, usage = self._run_peer(peer)
                except (PeerMissing, TimeoutError) as why:
                    missing[name] = str(why)
                    continue
                found[name].append(rows_s)
                usages[name].append(usage)
                _say(name, rows_s, usage)
        median = {name: statistics.median(values) for name, values in found.items() if values}
        return {
            "readings": readings,
            "homes": homes,
            "ceiling_dedup_rows_s": round(median["ceiling"]),
            "batched_rows_s": round(median["batched"]),
            "batched_ratio": round(median["batched"] / median["ceiling"], 3),
            "batched_rows_s_2proc": round(median["batched_2proc"]),
            "batched_ratio_2proc": round(median["batched_2proc"] / median["ceiling"], 3),
            "single_rows_s": round(median["single"]),
            "single_rows_s_2proc": round(median["single_2proc"]),
            "ours": self._figures(found["single"], usages["single"], "this tree", readings),
            "peers": {
                **{name: {"missing": why} for name, why in missing.items()},
                **{
                    name: self._figures(found[name], usages[name], peer.version, self._readings_of(peer))
                    for name, peer in peers.items()
                    if name not in missing
                },
            },
            "stored": self._stored,
            "expected": self._expected,
            "stalled": self._stalled,
            "runs": {name: [round(value) for value in values] for name, values in found.items()},
        }

    def _run_until_whole(self, letters: list[bytes], count: int) -> tuple[float, Usage]:
        """A run that stalls is said, counted and made again."""
        for _ in range(_TRIES - 1):
            try:
                return self._run_ours(letters, count)
            except Stalled as why:
                self._stalled.append(str(why))
                print(f"stalled: {why}", *self._wrong(), sep="\n", file=sys.stderr, flush=True)
        return self._run_ours(letters, count)

    def _run_ours(self, letters: list[bytes], count: int) -> tuple[float, Usage]:
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            conn.execute("TRUNCATE reading, reading_identity, outbox_stream, chain_head, detection_due, dead_letter")
            conn.execute("CHECKPOINT")
        started = [self._start_ingester() for _ in range(count)]
        processes = [process for process, _ in started]
        try:
            for _, port in started:
                _until_heard(port)
            before = usage_of(*(process.pid for process in processes))
            taken = self._publish(letters, "reading", self._options.readings)
            after = usage_of(*(process.pid for process in processes))
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)
        self._stored += _count(self._dsn, "reading")
        self._expected += self._options.readings
        return self._options.readings / taken, Usage(after.cpu_s - before.cpu_s, after.rss_mb)

    def _wrong(self) -> list[str]:
        """Whatever the ingesters logged beyond their usual words."""
        lines = Path(self._log.name).read_text(encoding="utf-8").splitlines()
        return [line for line in lines if '"level": "info"' not in line]

    def _start_ingester(self) -> tuple[subprocess.Popen[bytes], int]:
        """The process, and the port of its /health."""
        port = free_port(0, "127.0.0.1")
        environment = {"DOORSTEP_DSN": self._dsn, "DOORSTEP_BROKER": self._broker, "DOORSTEP_PORT": str(port)}
        process = subprocess.Popen(
            [BIN / "doorstep-cloud", "ingest", "--config", self._config],
            env={**os.environ, **environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        return process, port

    def _publish(self, letters: list[bytes], table: str, expected: int) -> float:
        """Seconds from the first publish until `expected` readings can be selected. Raises Stalled."""
        street = Street(self._broker)
        began = time.perf_counter()
        per_letter = expected / len(letters)
        street.send(letters, lambda: round(_count(self._dsn, table) / per_letter))
        most, since = 0, time.perf_counter()
        while (count := _count(self._dsn, table)) < expected:
            elapsed = time.perf_counter() - began
            if elapsed > WITHIN_S:
                raise TimeoutError(f"{count} of {expected} readings stored after {WITHIN_S:.0f} s")
            if count > most:
                most, since = count, time.perf_counter()
            elif time.perf_counter() - since > _STALLED_S:
                raise Stalled(f"{count} of {expected} readings stored, and no more came for {_STALLED_S:.0f} s")
            time.sleep(min(max((expected - count) * elapsed / max(count, 1) / 2, 0.01), 1.0))  # counting costs, too
        taken = time.perf_counter() - began
        street.close()
        return taken

    def _installed(self) -> tuple[dict[str, Peer], dict[str, str]]:
        """The peers that stand, and why the others are missing."""
        peers: dict[str, Peer] = {}
        missing: dict[str, str] = {}
        for name in filter(None, self._options.peers.split(",")):
            peer = PEERS[name](self._options.peer_folder / name, self._dsn, self._broker)
            try:
                peer.install()
            except PeerMissing as why:
                missing[name] = str(why)
            else:
                peers[name] = peer
        return peers, missing

    def _readings_of(self, peer: Peer) -> int:
        most: int = self._options.readings
        return min(peer.most_readings, most)

    def _run_peer(self, peer: Peer) -> tuple[float, Usage]:
        letters = peer.packets(self._options.homes, self._readings_of(peer))
        with peer.running() as pid:
            before = usage_of(pid)
            taken = self._publish(letters, peer.table, len(letters))
            after = usage_of(pid)
        return len(letters) / taken, Usage(after.cpu_s - before.cpu_s, after.rss_mb)

    def _figures(self, rates: list[float], usages: list[Usage], version: str, readings: int) -> dict[str, Any]:
        per = readings / 100_000
        return {
            "rows_s": round(statistics.median(rates)),
            "cpu_s_100k": round(statistics.median(usage.cpu_s for usage in usages) / per, 2),
            "rss_mb": round(statistics.median(usage.rss_mb for usage in usages)),
            "version": version,
            "runs": [round(rate) for rate in rates],
        }


def _say(name: str, rows_s: float, usage: Usage) -> None:
    print(f"{name:14} {rows_s:8.0f} readings/s  {usage.cpu_s:6.2f} cpu s", file=sys.stderr, flush=True)


def _until_heard(port: int) -> None:
    """Until the ingester's subscription stands."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:  # 503: something is ill, perhaps not the broker
            body = error.read()
        except OSError:
            body = b""
        if b'"broker":"ok"' in body:
            return
        time.sleep(0.1)
    raise TimeoutError("an ingester did not listen within 120 s")


def _count(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row is not None
        return int(row[0])
