"""A serial meter on its pseudo-terminal, opened by pyserial as a gateway opens a real port."""

import asyncio
import os
import subprocess
import sys
import termios
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import serial

from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.meter import GlucoseMemory, SerialMeter, StoredGlucose
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import MODELS
from firmware_sim.serial.pty_line import PtyLine
from protocols.reading import Metric
from protocols.record import Record
from protocols.serial.lifescan.ultraeasy_session import UltraEasySession
from protocols.serial.session import Finished, RecordRead, Send, Session
from tests.firmware_sim.conftest import WALL

pytestmark = [pytest.mark.integration]

MODEL = "onetouch-ultraeasy"
ANSWER_WITHIN_S = 5.0
STARTS_WITHIN_S = 30.0


@pytest_asyncio.fixture
async def plugged(tmp_path: Path) -> AsyncIterator[MeterOnLine[SerialMeter]]:
    """A meter with forty records, oldest first from 100 mg/dL up."""
    memory = GlucoseMemory(DeviceClock(lambda: WALL), MODELS[MODEL].capacity)
    memory.fill([StoredGlucose(WALL - timedelta(hours=40 - number), 100 + number) for number in range(40)])
    plugged = MeterOnLine(MODELS[MODEL].create(memory, "C182DDCBE"), tmp_path / "port")
    yield plugged
    plugged.unplug()


def read_out(link: Path, session: Session) -> list[Record]:
    """A whole session over the port, in a thread of its own."""
    records: list[Record] = []
    with serial.Serial(str(link), session.line.baud, timeout=ANSWER_WITHIN_S) as port:
        pending = session.begin()
        while True:
            for event in pending:
                if isinstance(event, Send):
                    port.write(event.data)
                elif isinstance(event, RecordRead):
                    records.append(event.record)
                elif isinstance(event, Finished):
                    return records
            answer = port.read(1)
            assert answer, "the meter is silent"
            pending = session.receive(answer + port.read(port.in_waiting))


async def test_the_gateways_session_reads_it_over_the_line_again_and_again(plugged: MeterOnLine[SerialMeter]) -> None:
    for _ in range(2):
        records = await asyncio.to_thread(read_out, plugged.link, UltraEasySession())
        assert [dict(record.values)[Metric.GLUCOSE] for record in records] == [100 + number for number in range(40)]


async def test_pulling_the_plug_takes_the_path_and_hangs_up(plugged: MeterOnLine[SerialMeter]) -> None:
    with serial.Serial(str(plugged.link), 9600, timeout=ANSWER_WITHIN_S) as port:
        plugged.unplug()
        assert not plugged.link.is_symlink()
        with pytest.raises(serial.SerialException):
            await asyncio.to_thread(port.read, 1)


async def test_a_link_that_a_killed_meter_left_is_taken_over(tmp_path: Path) -> None:
    link = tmp_path / "port"
    link.symlink_to("/dev/pts/99999")
    line = PtyLine(link, lambda _data: None)
    with serial.Serial(str(link), 9600):
        pass
    line.close()
    assert not link.is_symlink()


async def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "port"
    link.write_text("mine")
    with pytest.raises(FileExistsError, match="is not a serial line of ours"):
        PtyLine(link, lambda _data: None)
    assert link.read_text() == "mine"


async def test_the_line_can_be_opened_at_odd_parity_twice(tmp_path: Path) -> None:
    heard = asyncio.Event()
    line = PtyLine(tmp_path / "port", lambda _data: heard.set())
    for _ in range(2):
        heard.clear()
        with serial.Serial(str(line.link), 9600, parity=serial.PARITY_ODD) as port:
            port.write(b"x")
            await asyncio.wait_for(heard.wait(), ANSWER_WITHIN_S)
    line.close()


async def test_nobody_reading_does_not_block_the_meter(tmp_path: Path) -> None:
    line = PtyLine(tmp_path / "port", lambda _data: None)
    for _ in range(100):
        line.send(bytes(1000))
    line.close()


async def test_a_long_answer_waits_for_a_slow_reader(tmp_path: Path) -> None:
    """A whole memory in one answer is more than the line holds at once."""
    answer = bytes(number % 251 for number in range(200_000))
    line = PtyLine(tmp_path / "port", lambda _data: None)
    with serial.Serial(str(line.link), 9600, timeout=ANSWER_WITHIN_S) as port:
        line.send(answer)
        assert await asyncio.to_thread(port.read, len(answer)) == answer
    line.close()


async def test_only_this_user_may_open_the_line(plugged: MeterOnLine[SerialMeter]) -> None:
    assert os.stat(plugged.link).st_mode & 0o777 == 0o600


async def test_the_line_changes_no_byte(tmp_path: Path) -> None:
    every_byte = bytes(range(256))
    received = bytearray()
    whole = asyncio.Event()

    def receive(data: bytes) -> None:
        received.extend(data)
        if len(received) == len(every_byte):
            whole.set()

    line = PtyLine(tmp_path / "port", receive)
    with serial.Serial(str(line.link), 9600, timeout=ANSWER_WITHIN_S) as port:
        port.write(every_byte)
        await asyncio.wait_for(whole.wait(), ANSWER_WITHIN_S)
        line.send(every_byte)
        assert await asyncio.to_thread(port.read, 256) == every_byte
        assert not termios.tcgetattr(port.fileno())[3] & termios.ECHO
    assert bytes(received) == every_byte
    line.close()


def test_a_single_meter_by_command_says_what_is_in_its_file(tmp_path: Path) -> None:
    readings = tmp_path / "readings.csv"
    readings.write_text("at,glucose_mg_dl\n2026-11-21T19:40:00,181\n2026-11-20T07:05:00,117\n", encoding="utf-8")
    link = tmp_path / "port"
    program = "import sys; from firmware_sim.cli import main; sys.exit(main())"
    meter = subprocess.Popen(
        [sys.executable, "-c", program, "meter", MODEL, "--link", str(link), "--readings", str(readings)],
        stderr=subprocess.PIPE,
    )
    try:
        assert meter.stderr is not None
        assert b"meter.up" in meter.stderr.readline()
        records = read_out(link, UltraEasySession())
        assert [(record.device_time, dict(record.values)[Metric.GLUCOSE]) for record in records] == [
            (datetime(2026, 11, 20, 7, 5), 117),
            (datetime(2026, 11, 21, 19, 40), 181),
        ]
    finally:
        meter.terminate()
        meter.communicate(timeout=STARTS_WITHIN_S)
    assert meter.returncode == 0
    assert not link.is_symlink()
