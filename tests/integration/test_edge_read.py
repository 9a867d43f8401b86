"""`doorstep-edge read` on simulated meters over pseudo-terminals: right values, the right model, harmless words."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from serial.tools.list_ports_common import ListPortInfo

from edge.catalogue import load_catalogue
from edge.clock import Clock
from edge.readout.once import create_device, sessions_of
from edge.readout.read_meter import NotRead
from edge.readout.serial_port import TRIED_BY_AUTO, SerialReader
from edge.sources.serial_meter import SerialMeter
from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.meter import GlucoseMemory, PressureMemory, StoredGlucose
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import CUFFS, MODELS, cuff_of, model_of
from firmware_sim.serial.pty_line import PtyLine
from firmware_sim.serial.readings_file import invented_pressures
from protocols.reading import Metric, Reading
from tests.edge.conftest import CATALOGUE
from tests.edge.test_readout import DANGEROUS

pytestmark = [pytest.mark.integration]

PATIENCE_S = 90.0
TRIAL_S = 2.6
"""Each question once, and once again after its silence of 2 s."""
ZONE = ZoneInfo("UTC")
WALL = datetime(2026, 3, 1, 8, 0)
VALUES = [100 + 3 * number for number in range(12)]
ANSWERING = [name for name in (*MODELS, *CUFFS) if load_catalogue(CATALOGUE)[name].driver in TRIED_BY_AUTO]


def plug_in(model: str, link: Path) -> Callable[[], None]:
    """A meter with `VALUES`, or a cuff with what the simulator invents; returns what unplugs it."""
    clock = DeviceClock(lambda: WALL, offset_s=90.0)
    if model in CUFFS:
        pressures = PressureMemory(clock, cuff_of(model).capacity)
        pressures.fill(invented_pressures(WALL)[-len(VALUES) :])
        return MeterOnLine(cuff_of(model).create(pressures, cuff_of(model).example_serial_number), link).unplug
    memory = GlucoseMemory(clock, model_of(model).capacity)
    memory.fill(
        [StoredGlucose(WALL - timedelta(hours=len(VALUES) - place), value) for place, value in enumerate(VALUES)]
    )
    return MeterOnLine(model_of(model).create(memory, model_of(model).example_serial_number), link).unplug


def create_reader(
    port: Path, tell: Callable[[Reading], None] = lambda _reading: None, trial_s: float = TRIAL_S
) -> SerialReader:
    return SerialReader(str(port), load_catalogue(CATALOGUE), ZONE, Clock(), tell, trial_s=trial_s, ports=list)


async def test_auto_finds_every_meter_that_says_who_it_is(tmp_path: Path) -> None:
    told: dict[str, list[Reading]] = {model: [] for model in ANSWERING}
    unplug = [plug_in(model, tmp_path / model) for model in ANSWERING]
    loop = asyncio.get_running_loop()
    try:
        with ThreadPoolExecutor(len(ANSWERING)) as threads:
            readers = [create_reader(tmp_path / model, told[model].append) for model in ANSWERING]
            async with asyncio.timeout(PATIENCE_S):
                found = await asyncio.gather(*(loop.run_in_executor(threads, reader.read_any) for reader in readers))
    finally:
        for pull in unplug:
            pull()
    assert [meter.model for meter in found] == ANSWERING
    for model in set(ANSWERING) & set(MODELS):
        assert sorted(reading.value for reading in told[model]) == VALUES, model
    for model in set(ANSWERING) & set(CUFFS):
        assert {reading.metric for reading in told[model]} >= {Metric.SYSTOLIC, Metric.DIASTOLIC}, model


async def test_auto_writes_nothing_harmful_and_names_what_it_did_not_try(tmp_path: Path) -> None:
    written = bytearray()
    line = PtyLine(tmp_path / "nobody", written.extend)
    try:
        with pytest.raises(NotRead, match=r"is it switched on\?.*a-and-d-tm2655p"):
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.to_thread(create_reader(tmp_path / "nobody", trial_s=0.5).read_any)
    finally:
        line.close()
    assert written, "it has asked nobody"
    for harm, words in DANGEROUS.items():
        assert not any(word in written for word in words), f"it wrote what {harm}: {written.hex(' ')}"


async def test_named_meter_that_is_another_gives_no_value(tmp_path: Path) -> None:
    told: list[Reading] = []
    unplug = plug_in("onetouch-ultra2", tmp_path / "port")
    try:
        with pytest.raises(NotRead, match="Verio IQ"):
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.to_thread(create_reader(tmp_path / "port", told.append).read, "onetouch-verio-iq")
    finally:
        unplug()
    assert not told


async def test_auto_hears_a_long_memory_to_its_end(tmp_path: Path) -> None:
    """FreeStyle meters say who they are with their whole memory, which takes many seconds at 19200 baud."""
    memory = GlucoseMemory(DeviceClock(lambda: WALL), 450)
    memory.fill([StoredGlucose(WALL - timedelta(hours=place), 100) for place in range(20, 0, -1)])
    meter = model_of("freestyle-lite").create(memory, "DAGT304-P0123")
    loop = asyncio.get_running_loop()

    def drip(rest: bytes) -> None:
        line.send(rest[:60])
        if rest[60:]:
            loop.call_later(0.1, drip, rest[60:])

    def received(data: bytes) -> None:
        answer = meter.receive(data)
        if answer:
            drip(answer)

    line = PtyLine(tmp_path / "port", received)
    only = {"freestyle-lite": load_catalogue(CATALOGUE)["freestyle-lite"]}
    reader = SerialReader(str(tmp_path / "port"), only, ZONE, Clock(), lambda _: None, trial_s=0.3, ports=list)
    try:
        async with asyncio.timeout(PATIENCE_S):
            found = await asyncio.to_thread(reader.read_any)
    finally:
        line.close()
    assert found.records == 20


@pytest.mark.parametrize("model", ["a-and-d-ua767pc", "a-and-d-tm2655p"])
async def test_cuff_that_has_said_all_is_not_waited_for(model: str, tmp_path: Path) -> None:
    unplug = plug_in(model, tmp_path / "port")
    reader = SerialReader(
        str(tmp_path / "port"), load_catalogue(CATALOGUE), ZONE, Clock(), lambda _: None, listen_s=600.0, quiet_s=2.0
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            found = await asyncio.to_thread(reader.read, model)
    finally:
        unplug()
    assert found.records == len(VALUES)


async def test_cuff_whose_words_are_damaged_is_not_called_read(tmp_path: Path) -> None:
    line = PtyLine(tmp_path / "port", lambda _: None)
    reader = SerialReader(
        str(tmp_path / "port"), load_catalogue(CATALOGUE), ZONE, Clock(), lambda _: None, listen_s=1.0
    )
    asyncio.get_running_loop().call_later(0.5, line.send, b"8047zz")
    try:
        with pytest.raises(NotRead, match="no message of the A&D UA-767PC"):
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.to_thread(reader.read, "a-and-d-ua767pc")
    finally:
        line.close()


async def test_command_writes_json_lines_and_says_whom_it_read(tmp_path: Path) -> None:
    unplug = plug_in("onetouch-ultraeasy", tmp_path / "port")
    command = ("-m", "edge", "read", "--port", str(tmp_path / "port"), "--driver", "onetouch-ultraeasy", "--json")
    try:
        async with asyncio.timeout(PATIENCE_S):
            child = await asyncio.create_subprocess_exec(
                sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            out, err = await child.communicate()
    finally:
        unplug()
    lines = [json.loads(line) for line in out.splitlines()]
    assert child.returncode == 0, err
    assert [line["value"] for line in lines] == VALUES
    assert {line["unit"] for line in lines} == {"mg/dL"}
    assert lines[0]["device_time"] == (WALL - timedelta(hours=len(VALUES))).isoformat()
    assert b"C182DDCBE: 12 records" in err


async def test_port_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "edge", "read", "--port", str(tmp_path / "none")),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await child.communicate()
    assert child.returncode == 1
    assert b"is not there; is the cable plugged in?" in err
    assert b"Traceback" not in err


async def test_configured_usb_meter_is_read_again_at_another_path(tmp_path: Path) -> None:
    """The ports listed are of pyserial's own type; behind each path is a meter."""
    told: list[Reading] = []
    at = tmp_path / "ttyUSB0"

    def ports() -> list[ListPortInfo]:
        port = ListPortInfo(str(at))
        port.vid, port.pid = 0x067B, 0x2303
        return [port] if os.path.lexists(at) else []

    device = create_device("serial:1", load_catalogue(CATALOGUE)["onetouch-ultraeasy"], port="usb:067b:2303")
    with sessions_of(device, ZONE, Clock(), told.append) as sessions:
        unplug = plug_in("onetouch-ultraeasy", at)
        reading = asyncio.create_task(SerialMeter(device, sessions, ports).run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await _until(lambda: len(told) == len(VALUES))
                unplug()
                await _until(lambda: sessions.figures.devices()[0].trouble is not None)
                at = tmp_path / "ttyUSB5"
                unplug = plug_in("onetouch-ultraeasy", at)
                await _until(lambda: sessions.figures.devices()[0].trouble is None)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            unplug()
    assert [entry.value for entry in told] == VALUES, "read again, and nothing twice"


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for happens in the meter's own thread
        await asyncio.sleep(0.05)
