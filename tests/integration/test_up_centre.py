"""`doorstep-cloud up` as a user starts it: real children, really killed."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from cloud.db.migrate import _LOCK
from cloud.stages.centre import POSTGRES_FOLDER
from cloud.stages.stage import StageChild

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
WITHIN_S = 90.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the embedded server's own user may enter, and a configuration beside it."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-up-"))
    text = (ROOT / "configs" / "cloud.toml").read_text(encoding="utf-8")
    (folder / "cloud.toml").write_text(text.replace("port = 8080", "port = 18080"), encoding="utf-8")
    shutil.copy(ROOT / "configs" / "limits.toml", folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def command(folder: Path, *words: str) -> list[str]:
    where = ["--config", str(folder / "cloud.toml"), "--data", str(folder / "data")]
    return [sys.executable, "-m", "cloud.cli", *words, *where]


@contextmanager
def up(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    seed = ["--seed", str(ROOT / "configs" / "community.toml")]
    with (folder / "up.log").open("ab") as log:
        process = subprocess.Popen([*command(folder, "up"), *seed], stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: run_file(folder) is not None, folder, process)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(WITHIN_S)


def run_file(folder: Path) -> dict[str, Any] | None:
    path = folder / "data" / "run" / "cloud.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def until(condition: Callable[[], bool], folder: Path, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        ended = process is not None and process.poll() is not None
        assert not ended, (folder / "up.log").read_text(encoding="utf-8")
        assert time.monotonic() < deadline, (folder / "up.log").read_text(encoding="utf-8")
        time.sleep(0.05)


def processes_of(folder: Path) -> list[str]:
    """Command lines that name the folder: database, broker, stages."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(folder) in line:
                found.append(line)
    return found


def test_everything_starts_is_revived_and_stops_without_a_trace(folder: Path) -> None:
    with up(folder) as process:
        run = run_file(folder)
        assert run is not None
        assert list(run["pids"]) == ["up", "ingest", "detect", "visits", "alarms", "escalation", "web"]
        with urllib.request.urlopen(run["web"] + "/login", timeout=10) as answer:  # noqa: S310 - our own http address
            assert answer.status == 200
        with psycopg.connect(run["dsn"]) as connection:
            row = connection.execute("SELECT count(*) FROM elder").fetchone()
        assert row == (3,)

        second = subprocess.run(command(folder, "up"), capture_output=True, text=True, timeout=WITHIN_S, check=False)
        assert second.returncode == 1
        assert f"is served already, by process {process.pid}" in second.stderr

        seeded = subprocess.run(  # while it is up, a command finds its database
            [*command(folder, "seed"), str(ROOT / "configs" / "community.toml")],
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert "11 devices, 4 staff: loaded" in seeded.stdout

        os.kill(run["pids"]["ingest"], signal.SIGKILL)
        until(lambda: (run_file(folder) or run)["pids"]["ingest"] != run["pids"]["ingest"], folder, process)

        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN_S) == 0
    assert run_file(folder) is None
    assert processes_of(folder) == []


def test_after_kill_9_no_stage_is_left_and_the_next_start_takes_over(folder: Path) -> None:
    with up(folder) as first:
        before = run_file(folder)
        assert before is not None
        first.kill()
        first.wait(WITHIN_S)
        # The database is a daemon and stays; whatever is ours ends.
        until(lambda: all("postgres" in line for line in processes_of(folder)), folder)
    (folder / "data" / "run" / "cloud.json").unlink()  # so that the next one's is told from the killed one's
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = folder / "cloud.toml"
        config.write_text(
            config.read_text(encoding="utf-8").replace("port = 18080", f"port = {port}"), encoding="utf-8"
        )
        with up(folder) as second:
            after = run_file(folder)
            assert after is not None
            assert after["pids"]["up"] == second.pid
            assert after["web"] != f"http://127.0.0.1:{port}"  # in use: stepped over
    assert processes_of(folder) == []


def kill_database_when_migrating(folder: Path, dsn: str, holds: threading.Event) -> None:
    """Holds the migrations up, and kills the server as soon as somebody waits to migrate."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'"
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(dsn, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        holds.set()
        until(lambda: holder.execute(waiting).fetchone() == (1,), folder)
        postmaster = (folder / "data" / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
        os.kill(int(postmaster.split("\n", 1)[0]), signal.SIGKILL)


def test_a_database_that_dies_while_the_centre_starts_is_started_again(folder: Path) -> None:
    with up(folder) as first:
        before = run_file(folder)
        assert before is not None
        first.kill()
        first.wait(WITHIN_S)
    (folder / "data" / "run" / "cloud.json").unlink()
    holds = threading.Event()
    killing = threading.Thread(target=kill_database_when_migrating, args=(folder, before["dsn"], holds), daemon=True)
    killing.start()
    assert holds.wait(WITHIN_S)
    with up(folder):
        killing.join(WITHIN_S)
        assert "part_down" in (folder / "up.log").read_text(encoding="utf-8")
    assert processes_of(folder) == []


@contextmanager
def broker_kept_out(process: subprocess.Popen[bytes], port: int) -> Iterator[None]:
    """Kills the broker of that `up`, and has its port before it is started again."""
    with contextlib.ExitStack() as taken:
        for _ in range(20):
            for child in psutil.Process(process.pid).children():
                if "mosquitto" in child.name():
                    child.kill()
                    child.wait(WITHIN_S)
            with contextlib.suppress(OSError):  # it was started again meanwhile; its pauses grow
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
                break
        yield


def said_by_up(port: int) -> dict[str, str]:
    """What `up` itself says of its parts."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    return dict(json.loads(body)["checks"])


def test_it_goes_on_without_a_broker_and_a_database_that_do_not_start_again(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "cloud.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("[up]\nport = 0", f"[up]\nport = {port}"))
    with up(folder) as process:
        run = run_file(folder)
        assert run is not None
        assert set(said_by_up(port).values()) == {"ok"}
        broker_port = int(run["broker"].rpartition(":")[2])
        settings = folder / "data" / "postgres" / "postgresql.conf"
        settings.rename(settings.with_suffix(".away"))  # a server without its settings does not start
        with broker_kept_out(process, broker_port):
            postmaster = folder / "data" / "postgres" / "postmaster.pid"
            os.kill(int(postmaster.read_text(encoding="utf-8").split("\n", 1)[0]), signal.SIGKILL)
            until(lambda: "does not start again" in said_by_up(port)["broker"], folder, process)
            until(lambda: "next within 1 s" in said_by_up(port)["postgres"], folder, process)
            assert said_by_up(port)["web"] == "ok"
        settings.with_suffix(".away").rename(settings)
        until(lambda: set(said_by_up(port).values()) == {"ok"}, folder, process)
        with psycopg.connect(run["dsn"]) as connection:
            assert connection.execute("SELECT count(*) FROM elder").fetchone() == (3,)
    assert process.returncode == 0
    assert processes_of(folder) == []


def test_a_stage_that_refuses_its_configuration_is_not_tried_for_ever(folder: Path) -> None:
    stage = StageChild("detect", folder / "nothing.toml", {}, lambda: 0)
    stage.start()
    seen = [stage.refuses]
    until(stage.revive, folder)  # its first end may have been a port that somebody else took
    seen.append(stage.refuses)
    until(stage.revive, folder)
    seen.append(stage.refuses)
    stage.stop()
    assert seen == [False, False, True]


def test_a_stage_alone_says_what_it_misses(folder: Path) -> None:
    (folder / "cloud.toml").write_text(f'data = "{folder}/data"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cloud.cli", "ingest", "--config", str(folder / "cloud.toml")],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 2
    assert "nothing is up in" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_alone_waits_for_a_centre_that_was_up_before(folder: Path) -> None:
    (folder / "cloud.toml").write_text(f'data = "{folder}/data"\n', encoding="utf-8")
    (folder / "data" / POSTGRES_FOLDER).mkdir(parents=True)
    words = [sys.executable, "-m", "cloud.cli", "ingest", "--config", str(folder / "cloud.toml")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as stage:
        assert stage.stdout is not None
        assert "centre_away" in stage.stdout.readline()
        assert stage.poll() is None
        stage.terminate()
        assert stage.wait(WITHIN_S) == 0


def test_commands_start_the_embedded_database_for_the_while(folder: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command(folder, *words), capture_output=True, text=True, timeout=WITHIN_S, check=False)

    nothing = run("elder-link", "elder-1")
    assert nothing.returncode == 2
    assert "no database is kept in" in nothing.stderr
    assert "files applied; the schema is up to date (plain PostgreSQL)" in run("migrate").stdout
    missing = run("elder-link", "elder-9")
    assert (missing.returncode, missing.stderr) == (1, "doorstep-cloud: there is no elder 'elder-9'\n")
    assert "3 elders" in run("seed", str(ROOT / "configs" / "community.toml")).stdout
    assert run("elder-link", "elder-1").stdout.startswith("/e/")
    assert processes_of(folder) == []
