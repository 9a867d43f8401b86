"""The disk under the outbox is full: meters are not let go, the status says so, and it goes on when there is room."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cloud.local.broker import LocalBroker
from edge.clock import Clock
from edge.errors import Temporary
from edge.figures import Figures
from edge.intake import Intake
from edge.outbox import Outbox
from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.meter import GlucoseMemory, StoredGlucose
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import MODELS
from tests.edge.conftest import CATALOGUE
from tests.integration.edge_centre import PATIENCE_S, FakeCentre
from tests.integration.test_edge_uplink import create_readings

pytestmark = pytest.mark.integration

METER = "serial:onetouch-ultraeasy-1"
FULL = "the gateway's disk does not take it"


class SmallDisk:
    """A file system of 16 MB: room for the outbox with the 4 MB that its journal may need."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            for block in (65_536, 4_096, 1):
                with contextlib.suppress(OSError):  # there is no more room for so much
                    while True:
                        file.write(b"x" * block)

    def make_room(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if os.geteuid() != 0:
        pytest.skip("skipped: only root can mount the small disk that this test fills")
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"skipped: a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield SmallDisk(path)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def centre(broker: LocalBroker) -> Iterator[FakeCentre]:
    centre = FakeCentre(broker.port)
    yield centre
    centre.close()


class GatewayOnSmallDisk:
    """A gateway's process, a meter on its line, and its status as a person asks for it."""

    def __init__(self, folder: Path, disk: SmallDisk, broker_url: str) -> None:
        self.clock = DeviceClock(lambda: datetime.now().replace(microsecond=0))  # noqa: DTZ005 - a meter knows no zone
        self.memory = GlucoseMemory(self.clock, 500)
        self._line = MeterOnLine(MODELS["onetouch-ultraeasy"].create(self.memory, "C182DDCBE"), folder / "port")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._config = folder / "edge.toml"
        self._config.write_text(
            f'gateway = "gw-test"\ndata = "{disk.path}/data"\ncatalogue = "{CATALOGUE}"\n'
            f'[broker]\nurl = "{broker_url}"\n[uplink]\nstatus_s = 1\n[health]\nport = {port}\n'
            f'[[device]]\nname = "{METER}"\nkind = "glucometer"\nmodel = "onetouch-ultraeasy"\n'
            'port = "port"\npoll_interval_s = 1\n',
            encoding="utf-8",
        )
        self._process = subprocess.Popen([sys.executable, "-m", "edge", "run", "--config", str(self._config)])

    def measure(self, count: int) -> None:
        newest = self.clock.now()
        self.memory.fill([StoredGlucose(newest - timedelta(hours=place), 100 + place) for place in range(count)])

    def status(self) -> tuple[int, dict[str, Any]]:
        """Exit code and JSON of `doorstep-edge status`."""
        command = [sys.executable, "-m", "edge", "status", "--json", "--config", str(self._config)]
        asked = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S)
        return asked.returncode, json.loads(asked.stdout)

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(PATIENCE_S)

    def unplug(self) -> None:
        self._line.unplug()


@pytest_asyncio.fixture
async def gateway(
    tmp_path: Path, disk: SmallDisk, broker: LocalBroker, centre: FakeCentre
) -> AsyncIterator[GatewayOnSmallDisk]:
    gateway = GatewayOnSmallDisk(tmp_path, disk, broker.url)
    await asyncio.to_thread(centre.until_status, lambda status: status.online)
    yield gateway
    assert await asyncio.to_thread(gateway.stop) == 0
    gateway.unplug()


async def test_meter_is_not_let_go_and_all_arrives_when_there_is_room(
    gateway: GatewayOnSmallDisk, disk: SmallDisk, centre: FakeCentre
) -> None:
    disk.fill()
    gateway.measure(400)  # more than what free space inside the file takes
    said = await asyncio.to_thread(
        centre.until_status, lambda status: status.reason is not None and FULL in status.reason
    )
    assert any(device.trouble is not None and FULL in device.trouble for device in said.devices)
    code, status = await asyncio.to_thread(gateway.status)
    assert (code, status["well"]) == (1, False)
    assert any(FULL in problem and "meters keep what they have" in problem for problem in status["problems"])
    assert len(centre.stored) < 400
    disk.make_room()
    await asyncio.to_thread(centre.until, lambda: len(centre.stored) == 400, "not all arrived")
    assert len({reading.measured_at for reading in centre.stored.values()}) == 400, "each once"
    await asyncio.to_thread(centre.until_status, lambda status: status.reason is None and status.backlog_rows == 0)
    assert (await asyncio.to_thread(gateway.status))[0] == 0


async def test_what_a_device_erased_already_waits_for_room(disk: SmallDisk) -> None:
    outbox = Outbox(disk.path / "outbox.db")
    figures = Figures((), Clock())
    intake = Intake(outbox, figures, lambda: None)
    disk.fill()
    written = put_until_refused(intake)
    assert trouble_of(figures) is not None
    assert outbox.backlog().rows == written, "what was refused is not half there"
    erased = create_readings(100_000, 50)
    taking = asyncio.create_task(intake.take(erased))
    done, _ = await asyncio.wait({taking}, timeout=0.5)
    assert not done
    disk.make_room()
    assert await asyncio.wait_for(taking, PATIENCE_S) == 50
    assert [row.reading for row in outbox.batch(written, 100)] == erased
    assert intake.put(create_readings(200_000, 1)) == 1
    assert trouble_of(figures) is None
    outbox.close()


def trouble_of(figures: Figures) -> str | None:
    return figures.disk_trouble


def put_until_refused(intake: Intake) -> int:
    """How many readings, one by one, pages took that stood free in the file and its journal."""
    for place in range(10_000):
        try:
            intake.put(create_readings(place, 1))
        except Temporary as error:
            assert FULL in str(error)  # noqa: PT017 - which of many puts is refused is not known
            return place
    pytest.fail("a full disk took 10,000 readings")
