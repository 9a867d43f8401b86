"""Other ways from MQTT into PostgreSQL, each installed by this bench into a folder of its own.

They have it easier than we: their letters are flat, their table has no key, so that no duplicate is refused, and none
tells the home what is stored.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.bench._ingest_load import messages
from tests.bench._street import Street, encode_publish

TABLE = "peer_reading"
COLUMNS = ("gateway", "device", "metric", "record_key", "measured_at", "value")
_INSTALL_S = 900
_BEGIN_S = 60.0


class PeerMissing(Exception):
    """The peer cannot be installed or started here; the text says why."""


def _flat_packets(homes: int, readings: int) -> list[bytes]:
    """One reading a message, as a flat object on a topic of its home."""
    return [
        encode_publish(place, f"peer/{gateway}", _flat(gateway, place, message))
        for place, (gateway, message) in enumerate(messages(homes, readings, 1))
    ]


def _flat(gateway: str, place: int, message: object) -> bytes:
    reading = message.readings[0]  # type: ignore[attr-defined]  # a ReadingsMessage
    return json.dumps(
        {
            "gateway": gateway,
            "device": reading.device,
            "metric": reading.metric.value,
            "record_key": place,
            "measured_at": reading.measured_at.isoformat(),
            "value": reading.value,
        }
    ).encode()


class Peer(ABC):
    """One of them. Subclasses say how it is installed and started."""

    most_readings = 300_000
    """Their pace does not change with more."""
    table = TABLE

    def __init__(self, folder: Path, dsn: str, broker: str) -> None:
        self.folder, self.dsn, self.broker = folder, dsn, broker
        self.version = ""

    @abstractmethod
    def install(self) -> None:
        """Once; raises PeerMissing."""

    def packets(self, homes: int, readings: int) -> list[bytes]:
        """PUBLISH packets of that many readings, as it wants them."""
        return _flat_packets(homes, readings)

    def hello(self) -> tuple[str, bytes]:
        """Topic and payload of a reading that it stores."""
        values = ("g", "d", "m", 0, "2026-01-01T00:00:00+00:00", 1.0)
        return "peer/hello", json.dumps(dict(zip(COLUMNS, values, strict=True))).encode()

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it."""

    @contextmanager
    def running(self) -> Iterator[int]:
        """Its process, with an empty table, from when it subscribed on."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute(f"DROP TABLE IF EXISTS {TABLE}".encode())
            conn.execute(
                f"CREATE TABLE {TABLE} (gateway text, device text, metric text, record_key bigint, "
                "measured_at timestamptz, value double precision)".encode()
            )
        output = (self.folder / "output.log").open("wb")
        process = subprocess.Popen(
            self.command(),
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            self._until_subscribed(process)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            output.close()

    def _until_subscribed(self, process: subprocess.Popen[bytes]) -> None:
        """A letter of ours arrives in the table."""
        deadline = time.monotonic() + _BEGIN_S
        street = Street(self.broker)
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            while time.monotonic() < deadline and process.poll() is None:
                street.send([encode_publish(0, *self.hello())])
                time.sleep(0.5)
                if _holds_a_row(conn, self.table):
                    time.sleep(2.0)  # what is still on its way
                    conn.execute(f"TRUNCATE {self.table}".encode())
                    street.close()
                    return
        street.close()
        last = (self.folder / "output.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise PeerMissing(f"it did not store a reading within {_BEGIN_S:.0f} s: {' | '.join(last)}")

    def url(self) -> str:
        """The database as a URL, which not everybody can do without."""
        parts = conninfo_to_dict(self.dsn)
        host = str(parts.get("host", "127.0.0.1"))
        user, name, port = parts.get("user", "postgres"), parts.get("dbname"), parts.get("port", 5432)
        if host.startswith("/"):
            return f"postgresql://{user}@{quote(host, safe='')}:{port}/{name}"
        password = f":{parts['password']}" if parts.get("password") else ""
        return f"postgresql://{user}{password}@{host}:{port}/{name}"


def _holds_a_row(connection: psycopg.Connection[tuple[Any, ...]], table: str) -> bool:
    made = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()  # some make it themselves
    return made == (True,) and connection.execute(f"SELECT FROM {table} LIMIT 1".encode()).fetchone() is not None


class RowByRow(Peer):
    """Twenty lines that commit every reading by itself, as most begin."""

    most_readings = 20_000

    def command(self) -> list[str]:
        self.version = "this bench"
        return [sys.executable, "-c", _ROW_BY_ROW, self.dsn, *_address(self.broker)]

    def install(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)


_ROW_BY_ROW = """
import json, sys
import paho.mqtt.client as paho, psycopg
from paho.mqtt.enums import CallbackAPIVersion
db = psycopg.connect(sys.argv[1])
insert = ("INSERT INTO peer_reading VALUES (%(gateway)s, %(device)s, %(metric)s, %(record_key)s, %(measured_at)s, "
          "%(value)s)")
def take(client, _, message):
    db.execute(insert, json.loads(message.payload))
    db.commit()
    client.ack(message.mid, message.qos)
client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, manual_ack=True)
client.on_message = take
client.on_connect = lambda client, *_: client.subscribe("peer/#", 1)
client.connect(sys.argv[2], int(sys.argv[3]))
client.loop_forever()
"""


class MqBridge(Peer):
    """A Rust core from PyPI, with its fastest way into PostgreSQL."""

    VERSION = "1.2.0"

    def install(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        python = self.folder / "venv" / "bin" / "python"
        if not python.exists():
            _run([sys.executable, "-m", "venv", str(self.folder / "venv")])
        _run([str(python), "-m", "pip", "install", "--quiet", f"mq-bridge=={self.VERSION}"])
        self.version = self.VERSION

    def command(self) -> list[str]:
        tokens = ", ".join(f"${{payload:{column}}}" for column in COLUMNS)
        host, port = _address(self.broker)
        route = {
            "input": {"mqtt": {"url": f"mqtt://{host}:{port}", "topic": "peer/#", "qos": 1, "max_inflight": 5000,
                               "queue_capacity": 10_000, "client_id": "mq-bridge", "protocol": "v5",
                               "delayed_ack": True}},
            "output": {"postgres": {"url": self.url(), "table": TABLE, "bulk_copy": True,
                                    "insert_query": f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({tokens})"}},
            "batch_size": 1000,
            "concurrency": 2,
        }  # fmt: skip
        file = self.folder / "route.json"
        file.write_text(json.dumps(route), encoding="utf-8")
        code = "import sys, mq_bridge; mq_bridge.Route.from_file(sys.argv[1]).run()"
        return [str(self.folder / "venv" / "bin" / "python"), "-c", code, str(file)]


class NodeRed(Peer):
    """mqtt in, and a function that gathers 1,000 readings for one INSERT: what its users write by hand."""

    VERSION = "4.1.8"  # the newest that runs on Node.js 18 and 20 too

    def install(self) -> None:
        if shutil.which("npm") is None:
            raise PeerMissing("npm is not on this machine")
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._installed() != self.VERSION:
            _run(["npm", "install", "--no-audit", "--no-fund", f"node-red@{self.VERSION}", "pg@8"], self.folder)
        self.version = self.VERSION

    def _installed(self) -> str:
        package = self.folder / "node_modules" / "node-red" / "package.json"
        return str(json.loads(package.read_text(encoding="utf-8"))["version"]) if package.exists() else ""

    def command(self) -> list[str]:
        host, port = _address(self.broker)
        parts = conninfo_to_dict(self.dsn)
        database = {
            "host": parts.get("host"), "port": int(str(parts.get("port") or 5432)), "user": parts.get("user"),
            "database": parts.get("dbname"), "password": parts.get("password"), "max": 4,
        }  # fmt: skip
        (self.folder / "settings.js").write_text(
            f"const pg = require('pg');\nmodule.exports = {{ uiPort: 0, httpAdminRoot: false, flowFile: 'flows.json', "
            f"functionGlobalContext: {{ pool: new pg.Pool({json.dumps(database)}) }} }};\n",
            encoding="utf-8",
        )
        flows = [
            {"id": "tab", "type": "tab", "label": "bench"},
            {"id": "broker", "type": "mqtt-broker", "broker": host, "port": port, "clientid": "", "usetls": False,
             "protocolVersion": "5", "keepalive": "60", "cleansession": True, "autoConnect": True},
            {"id": "in", "type": "mqtt in", "z": "tab", "topic": "peer/#", "qos": "1", "datatype": "json",
             "broker": "broker", "nl": False, "rap": True, "inputs": 0, "wires": [["gather"]]},
            {"id": "gather", "type": "function", "z": "tab", "func": _GATHER, "outputs": 0, "wires": []},
        ]  # fmt: skip
        (self.folder / "flows.json").write_text(json.dumps(flows), encoding="utf-8")
        red = self.folder / "node_modules" / "node-red" / "red.js"
        return ["node", str(red), "--userDir", str(self.folder), "--settings", str(self.folder / "settings.js")]


_GATHER = """
let rows = context.get('rows');
if (!rows) { rows = []; context.set('rows', rows); }
rows.push(msg.payload);
const flush = () => {
    const batch = rows.splice(0);
    if (!batch.length) return;
    const columns = ['gateway', 'device', 'metric', 'record_key', 'measured_at', 'value'];
    global.get('pool').query(
        'INSERT INTO peer_reading SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], ' +
        '$5::timestamptz[], $6::float8[])', columns.map(name => batch.map(row => row[name]))
    ).catch(error => node.error(error.message));
};
if (rows.length >= 1000) flush();
else if (rows.length === 1) setTimeout(flush, 100);
"""


class Esphome(Peer):
    """The ESPHome ingestor of PyPI: at most a hundred states a second, each stored at the time of its hearing.

    A state that is a number it takes for a discovery message and drops, so it is sent words.
    """

    VERSION = "0.3.0"
    most_readings = 500
    table = "esphome_data"

    def install(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        python = self.folder / "venv" / "bin" / "python"
        if not python.exists():
            _run([sys.executable, "-m", "venv", str(self.folder / "venv")])
        _run([str(python), "-m", "pip", "install", "--quiet", f"esphome-mqtt-timescaledb-ingestor=={self.VERSION}"])
        self.version = self.VERSION

    def command(self) -> list[str]:
        host, port = _address(self.broker)
        parts = conninfo_to_dict(self.dsn)
        database = {key: parts[key] for key in ("host", "port", "dbname", "user", "password") if parts.get(key)}
        config = {
            "database": database,
            "mqtt": {"host": host, "port": int(port), "username": "", "password": ""},
        }
        file = self.folder / ".esphome-ingestor" / "ingestor_config.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(config), encoding="utf-8")
        return [str(self.folder / "venv" / "bin" / "mqtt-ingestor"), "start"]

    def packets(self, homes: int, readings: int) -> list[bytes]:
        return [encode_publish(n, f"bench-{n % homes}/sensor/motion/state", b"ON") for n in range(readings)]

    def hello(self) -> tuple[str, bytes]:
        return "peer/sensor/hello/state", b"ON"


def _address(broker: str) -> list[str]:
    parts = urlsplit(broker)
    return [str(parts.hostname), str(parts.port)]


def _run(command: list[str], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_S, check=False, env=dict(os.environ)
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(f"{command[0]} failed: {error}") from error
    if done.returncode:
        raise PeerMissing(f"{' '.join(command[:3])} failed: {(done.stderr.strip().splitlines() or ['no words'])[-1]}")


PEERS: dict[str, Callable[[Path, str, str], Peer]] = {
    "node-red": NodeRed,
    "mq-bridge": MqBridge,
    "row-by-row": RowByRow,
    "esphome": Esphome,
}
