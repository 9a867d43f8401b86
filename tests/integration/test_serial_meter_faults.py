"""Meters by command, with and without a fault, opened by pyserial as the gateway opens a real port."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.catalogue import load_catalogue
from edge.sources.serial_meter import SESSION_OF_DRIVER, open_port
from firmware_sim.serial.faults import FAULTS
from protocols.errors import UnexpectedReply
from protocols.reading import Meal, Metric
from protocols.record import Record
from protocols.serial.session import Event, Finished, RecordRead, Send, Session, Wait
from tests.edge.conftest import CATALOGUE

pytestmark = pytest.mark.integration

MODELS = ("onetouch-ultraeasy", "onetouch-verio-iq", "onetouch-ultra2", "sd-codefree", "glucomen-areo")
PROGRAM = "import sys; from firmware_sim.cli import main; sys.exit(main())"
PATIENCE_S = 60.0
NEWEST = datetime(2026, 11, 22, 7, 30)
each_model = pytest.mark.parametrize("model", MODELS)


@contextmanager
def running_meter(model: str, link: Path, *arguments: str) -> Iterator[None]:
    meter = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "meter", model, "--link", str(link), *arguments], stderr=subprocess.PIPE
    )
    try:
        assert meter.stderr is not None
        assert b"meter.up" in meter.stderr.readline()
        yield
    finally:
        meter.terminate()
        meter.communicate(timeout=PATIENCE_S)


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    """Eight readings, six hours apart, oldest first from 100 mg/dL up; the newest before a meal."""
    times = [NEWEST - timedelta(hours=6 * (7 - number)) for number in range(8)]
    rows = [
        f"{at.isoformat()},{100 + number},{'before_meal' if at == NEWEST else ''}" for number, at in enumerate(times)
    ]
    path = tmp_path / "readings.csv"
    path.write_text("\n".join(["at,glucose_mg_dl,meal", *rows]), encoding="utf-8")
    return path


def create_session(model: str) -> Session:
    return SESSION_OF_DRIVER[load_catalogue(CATALOGUE)[model].driver](lambda _at: False)


def read_out(model: str, link: Path, patience_s: float | None = None) -> list[Record]:
    """One session over the port. `patience_s` takes the place of the session's own."""
    session = create_session(model)
    records: list[Record] = []
    deadline_s = give_up_s = time.monotonic() + PATIENCE_S

    def carry_out(events: list[Event]) -> bool:
        nonlocal deadline_s
        for event in events:
            match event:
                case Send(data):
                    port.write(data)
                case Wait(seconds):
                    deadline_s = time.monotonic() + (seconds if patience_s is None else min(seconds, patience_s))
                case RecordRead(record):
                    records.append(record)
                case Finished():
                    return True
        return False

    with open_port(str(link), session.line) as port:
        done = carry_out(session.begin())
        while not done:
            assert time.monotonic() < give_up_s, "the session does not end"
            heard = port.read(max(1, port.in_waiting))
            if heard:
                done = carry_out(session.receive(heard))
            elif time.monotonic() >= deadline_s:
                done = carry_out(session.timed_out())
    return records


def values_of(records: list[Record]) -> list[int]:
    return sorted(round(dict(record.values)[Metric.GLUCOSE]) for record in records)


@each_model
def test_every_session_reads_its_meter_twice(model: str, readings: Path, tmp_path: Path) -> None:
    link = tmp_path / "port"
    with running_meter(model, link, "--readings", str(readings)):
        for _ in range(2):
            records = read_out(model, link)
            assert values_of(records) == [100 + number for number in range(8)]
            meals = {record.meal for record in records if record.device_time == NEWEST}
            assert meals == ({None} if model == "onetouch-ultraeasy" else {Meal.BEFORE_MEAL})


@pytest.mark.parametrize("model", ["onetouch-verio-iq", "onetouch-ultra2"])
def test_late_answers_lose_and_double_nothing(model: str, readings: Path, tmp_path: Path) -> None:
    link = tmp_path / "port"
    with running_meter(model, link, "--readings", str(readings), "--fault", "slow"):
        assert values_of(read_out(model, link)) == [100 + number for number in range(8)]


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        *((model, "wrong_model") for model in MODELS),
        *(("onetouch-ultra2", fault) for fault in ("silent", "garbage", "bad_checksum", "cut_short")),
    ],
)
def test_what_is_wrong_with_the_line_is_said(model: str, fault: str, readings: Path, tmp_path: Path) -> None:
    link = tmp_path / "port"
    with (
        running_meter(model, link, "--readings", str(readings), "--fault", fault),
        pytest.raises(UnexpectedReply, match="meter"),
    ):
        read_out(model, link, patience_s=0.3)


def test_unknown_fault_is_refused_with_those_there_are(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-c", PROGRAM, "meter", MODELS[0], "--link", str(tmp_path / "port"), "--fault", "tired"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert refused.returncode == 2
    assert f"'tired' is not a fault of the simulator; there are: {', '.join(FAULTS)}" in refused.stderr
