"""A press: from the radio frame's arrival at the gateway to the desk's page, and back into the home.

Real processes on this machine: the alarm's process of a gateway, broker, PostgreSQL, ingester, alarm desk, web. The
frame is an encrypted BTHome advertisement handed to the gateway's own button listener, so the radio and BlueZ's D-Bus
are not in the figures; decryption, the journal on disk and everything after are. `press_to_stream_ms` ends when the
event is read from the web's stream, `press_to_receipt_ms` when the home has been told that the centre has it. Once
with nothing else going on, once under readings at a rate, of which the database tells how many it stored meanwhile.
`others_cpu_percent` is what processes that are not the bench's took of the processors: much above 5, the figures are of
the machine's other work.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from cloud.db.migrate import migrate
from cloud.identity.passwords import hash_password
from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.local.postgres import EmbeddedPostgres
from edge.alarm.button import ButtonListener
from edge.alarm.call import Call, PressRules
from edge.alarm.calling import Calling
from edge.alarm.journal import AlarmJournal
from edge.alarm.pipe_words import WAKE
from edge.clock import Clock
from edge.config import load as load_edge
from edge.figures import Figures
from edge.processes import ALARM, command_of
from protocols.adverts.bthome import encode_bthome
from protocols.adverts.bthome_objects import BUTTON, ButtonPress
from tests.bench._ingest_load import register
from tests.bench._usage import Others
from tests.edge.conftest import CONFIG

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
HOMES = 2_000
PASSWORD = "a bench before the door"
WITHIN_S = 20.0
GOALS = {"stream_p50_ms": 5, "stream_p99_ms": 25, "receipt_p99_ms": 50, "loaded_to_idle": 2}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench alarm", description=__doc__)
    parser.add_argument("--presses", type=int, default=300, help="of each run (default 300)")
    parser.add_argument("--rate", type=int, default=10_000, help="readings a second beside (default 10000)")
    parser.add_argument("--seconds", type=int, default=60, help="for which the load lasts (default 60)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as name, ExitStack() as parts:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        dsn, broker, address, server = _centre(folder, parts)
        home = parts.enter_context(_home(folder / "home", broker))
        page = parts.enter_context(_page(address))
        _measure(dsn, home, page, 10)  # not counted: first connections, first plans
        others = Others(os.getpid(), server)
        idle = _measure(dsn, home, page, options.presses) | {"others_cpu_percent": others.percent()}
        others = Others(os.getpid(), server)
        loaded, load = _loaded(dsn, broker, home, page, options)
        loaded |= {"others_cpu_percent": others.percent()}
    figures = {"idle": idle, "loaded": loaded, **load, "goals": GOALS}
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


class _Home:
    """A gateway's listener and journal here, its alarm process beside, and what that tells the home."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._config = load_edge(folder / "edge.toml")
        self._process = process
        self._feedback = folder / "data" / "feedback.jsonl"
        self.journal = AlarmJournal(folder / "data" / "alarm.db")
        (device,) = self._config.devices
        clock, figures = Clock(), Figures(self._config.devices, Clock())
        rules = PressRules(same_press_s=0.0, cancel_within_s=0.0)
        self._listener = ButtonListener(device, Calling(self.journal, self, figures, clock, rules), figures)
        self._device = device
        self._counter = 0

    def wake(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(WAKE)

    def tell(self, call: Call) -> None:
        raise RuntimeError(f"the journal did not take {call.alarm}")

    def press(self) -> tuple[float, float]:
        """The wall's Unix seconds at which the frame came in, and at which the press was in the journal."""
        self._counter += 1
        frame = encode_bthome(
            [(BUTTON, ButtonPress.PRESS)],
            trigger_based=True,
            mac=self._device.address,
            bind_key=self._device.bind_key,
            counter=self._counter,
        )
        at = time.time()
        self._listener.heard(frame, -60)
        return at, time.time()

    def told(self, alarm: str, state: str) -> float:
        """When the home was told of `state`."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            if self._feedback.exists():
                whole, _, _ = self._feedback.read_bytes().rpartition(b"\n")
                for line in whole.splitlines()[-20:]:
                    said = json.loads(line)
                    if (said["alarm"], said["state"]) == (alarm, state):
                        return float(said["wall"])
            time.sleep(0.005)
        raise TimeoutError(f"the home was not told {state} within {WITHIN_S:.0f} s")


class _Page:
    """The desk's page as a program: its stream of events, and its buttons."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._came: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        self._news = threading.Condition()
        self._order: list[str] = []
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._ready.wait(WITHIN_S):
            raise TimeoutError("the stream did not open")

    def _read(self) -> None:
        with (
            contextlib.suppress(httpx.HTTPError),
            self._client.stream("GET", "/events", timeout=httpx.Timeout(10, read=None)) as answer,
        ):
            for line in answer.iter_lines():
                at = time.time()
                self._ready.set()
                if line.startswith("data: ") and '"new":true' in line:
                    said = json.loads(line[6:])
                    alarm = said["alarm_id"]
                    with self._news:
                        if alarm not in self._came:
                            self._came[alarm] = at
                            self._heard[alarm] = datetime.fromisoformat(said["heard_at"]).timestamp()
                            self._order.append(alarm)
                            self._news.notify_all()

    def next_alarm(self, place: int) -> tuple[str, float]:
        """The alarm at this place in the order in which they came, and when it came."""
        with self._news:
            if not self._news.wait_for(lambda: len(self._order) > place, WITHIN_S):
                raise TimeoutError("an alarm did not reach the page")
            return self._order[place], self._came[self._order[place]]

    def heard_at(self, alarm: str) -> float:
        """When the web's own process had it from the broker."""
        return self._heard[alarm]

    @property
    def count(self) -> int:
        return len(self._order)

    def close_alarm(self, alarm: str) -> None:
        self._client.post(f"/api/v1/alarms/{alarm}/close", json={"reason": "test"}).raise_for_status()


def _measure(
    dsn: str, home: _Home, page: _Page, presses: int, goes_on: Callable[[], bool] = lambda: True
) -> dict[str, Any]:
    """Fewer than `presses` where something else does not go on so long; `n` says how many."""
    times: dict[str, _Times] = {}
    for _ in range(presses):
        if not goes_on():
            break
        place = page.count
        pressed_at, kept_at = home.press()
        alarm, came_at = page.next_alarm(place)
        told_at = home.told(alarm, "at_centre")
        times[alarm] = _Times(pressed_at, kept_at, page.heard_at(alarm), came_at, told_at)
        page.close_alarm(alarm)  # a home has one or two open calls, not hundreds
        home.told(alarm, "closed")
        time.sleep(random.uniform(0.0, 0.03))  # not in step with anything
    return {
        "press_to_stream_ms": _figures([(one.came - one.pressed) * 1000 for one in times.values()]),
        "press_to_receipt_ms": _figures([(one.told - one.pressed) * 1000 for one in times.values()]),
        "seams_ms": _seams(dsn, times),
    }


@dataclass(frozen=True)
class _Times:
    """Of one press, Unix seconds of the wall clock that all processes share."""

    pressed: float
    kept: float
    """In the gateway's journal."""
    at_web: float
    came: float
    """On the page."""
    told: float
    """The home says that the centre has it."""


def _seams(dsn: str, times: dict[str, _Times]) -> dict[str, list[float]]:
    """Where the time goes: [p50, p99] of each part of both ways."""
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(
            "SELECT alarm_id::text, extract(epoch FROM heard_at)::float8 FROM alarm WHERE alarm_id::text = ANY(%s)",
            (list(times),),
        ).fetchall()
    at_desk: dict[str, float] = dict(rows)
    parts = {
        "press_to_journal": [one.kept - one.pressed for one in times.values()],
        "journal_to_web": [one.at_web - one.kept for one in times.values()],
        "web_to_page": [one.came - one.at_web for one in times.values()],
        "journal_to_desk": [at_desk[alarm] - one.kept for alarm, one in times.items()],
        "desk_to_home": [one.told - at_desk[alarm] for alarm, one in times.items()],
    }
    figures = {name: _figures([value * 1000 for value in values]) for name, values in parts.items()}
    return {name: [found["p50"], found["p99"]] for name, found in figures.items()}


def _figures(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "worst": round(max(values), 2), "n": len(values)}


def _loaded(
    dsn: str, broker: str, home: _Home, page: _Page, options: argparse.Namespace
) -> tuple[dict[str, Any], dict[str, Any]]:
    command = [sys.executable, "-m", "tests.bench._alarm_load", broker, str(HOMES), str(options.rate)]
    with subprocess.Popen(
        [*command, str(options.seconds)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as load:
        assert load.stdin is not None
        assert load.stdout is not None
        load.stdout.readline()
        before, began = _stored(dsn), time.perf_counter()
        load.stdin.write("go\n")
        load.stdin.flush()
        time.sleep(2.0)  # the load stands
        ends = began + options.seconds - 2.0
        loaded = _measure(dsn, home, page, options.presses, lambda: time.perf_counter() < ends)
        during = time.perf_counter() - began
        stored_during = _stored(dsn) - before
        sent, seconds = load.stdout.readline().split()
    return loaded, {
        "load_offered_s": round(int(sent) / float(seconds)),
        "load_delivered_s": round(stored_during / min(during, float(seconds))),
        "load_lasted_s": round(float(seconds), 1),
        "presses_lasted_s": round(during, 1),
        "cores": os.cpu_count(),
        "machine_load": round(os.getloadavg()[0], 1),
    }


def _stored(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT count(*) FROM reading").fetchone()
        assert row is not None
        return int(row[0])


def _centre(folder: Path, parts: ExitStack) -> tuple[str, str, str, int]:
    """DSN, broker and web's address of a centre that is up, and the database's process."""
    postgres = parts.enter_context(EmbeddedPostgres(folder / "postgres"))
    broker = parts.enter_context(LocalBroker(folder / "broker", 0))
    migrate(postgres.dsn)
    register(postgres.dsn, HOMES)
    with psycopg.connect(postgres.dsn) as conn:
        conn.execute(
            "INSERT INTO home (code, region_id, address) SELECT 'gw-test', region_id, 'A 1' FROM region LIMIT 1"
        )
        conn.execute("INSERT INTO gateway (gateway_id, home_id) SELECT code, home_id FROM home WHERE code = 'gw-test'")
        conn.execute(
            "INSERT INTO elder (code, home_id, name) SELECT code, home_id, code FROM home WHERE code = 'gw-test'"
        )
        conn.execute(
            "INSERT INTO staff (login, name, role, region_id, password_hash) "
            "SELECT 'desk', 'Desk', 'desk', region_id, %s FROM region LIMIT 1",
            (hash_password(PASSWORD),),
        )
    port = free_port(0)
    limits = ROOT / "configs" / "limits.toml"
    config = folder / "cloud.toml"
    config.write_text(f'data = "{folder}"\n[web]\nport = {port}\n[detection]\nlimits = "{limits}"\n', encoding="utf-8")
    environment = {**os.environ, "DOORSTEP_DSN": postgres.dsn, "DOORSTEP_BROKER": broker.url}
    for stage in ("ingest", "alarms", "web"):
        command = [sys.executable, "-c", "from cloud.cli import main; main()", stage, "--config", str(config)]
        parts.enter_context(_running(command, environment))
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while not _is_well(address):
        if time.monotonic() > deadline:
            raise TimeoutError("the web did not become well")
        time.sleep(0.1)
    return postgres.dsn, broker.url, address, postgres.pid


def _is_well(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def _home(folder: Path, broker: str) -> Iterator[_Home]:
    folder.mkdir()
    text = CONFIG.replace("[[device]]", f'[broker]\nurl = "{broker}"\n\n[[device]]')
    (folder / "edge.toml").write_text(text, encoding="utf-8")
    command = command_of(ALARM, folder / "edge.toml")
    AlarmJournal(folder / "data" / "alarm.db").close()
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, bufsize=0
    )
    home = _Home(folder, process)
    try:
        deadline = time.monotonic() + WITHIN_S
        while not home.journal.line_connected:
            if time.monotonic() > deadline:
                raise TimeoutError("the alarm's process did not reach the broker")
            time.sleep(0.02)
        yield home
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(WITHIN_S)
        home.journal.close()


@contextmanager
def _page(address: str) -> Iterator[_Page]:
    with httpx.Client(base_url=address, headers={"origin": address}, trust_env=False, timeout=30) as client:
        client.post("/api/v1/session", json={"login": "desk", "password": PASSWORD}).raise_for_status()
        yield _Page(client)


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)
