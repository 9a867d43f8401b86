"""What an intruder brings, for long: the HTTP contract asked by a machine as everybody, and many connections."""

import argparse
import json
import socket
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from protocols.telemetry.topics import ALARM_STATE, topic
from tests.system.intruder.fuzz import Asked, ask_everything
from tests.system.intruder.storm import let_go, storm
from tests.system.intruder.stronghold import HONEST, PATIENCE_S, Stronghold, standing

_CALLS = 10


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench security", description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="of each operation, in and out of the contract")
    parser.add_argument("--connections", type=int, default=1000, help="at each door, opened at once and held")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="doorstep-intruder-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the database's own user has to enter
        with standing(Path(folder)) as stronghold:
            found = {"storm": _storm(stronghold, options.connections), "contract": _ask(stronghold, options.examples)}
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if found["contract"]["broken"] else 0


def _storm(stronghold: Stronghold, connections: int) -> dict[str, object]:
    """How long a call for help takes, before and while strangers hold every door."""
    doors = {
        "broker": stronghold.broker_port,
        "web": urlsplit(stronghold.web).port or 0,
        "enrolment": urlsplit(stronghold.enrol).port or 0,
    }
    held: list[socket.socket] = []
    identity = stronghold.identity("honest", HONEST)
    with stronghold.line(identity, "honest", (topic(HONEST, ALARM_STATE),)) as line:
        assert line.up.wait(PATIENCE_S), "the honest gateway does not get in"
        quiet = [stronghold.call(line) for _ in range(_CALLS)]
        came = {name: storm(port, connections, held) for name, port in doors.items()}
        beset = [stronghold.call(line) for _ in range(_CALLS)]
        let_go(held)
    return {
        "connections_a_second": {name: round(each.made / each.took_s) for name, each in came.items()},
        "refused": {name: each.refused for name, each in came.items()},
        "call_to_row_ms": {
            "quiet": round(1000 * statistics.median(quiet)),
            "beset": round(1000 * statistics.median(beset)),
            "beset_worst": round(1000 * max(beset)),
        },
    }


def _ask(stronghold: Stronghold, examples: int) -> dict[str, object]:
    names = [name for (name,) in stronghold.run("SELECT name FROM elder UNION SELECT address FROM home") if name]
    asked, began = Asked(), time.monotonic()
    ask_everything(stronghold, examples, names, asked)
    return {
        "asked": asked.codes.total(),
        "codes": {str(code): times for code, times in sorted(asked.codes.items())},
        "broken": asked.broken,
        "seconds": round(time.monotonic() - began),
        "well": stronghold.is_well(),
    }
