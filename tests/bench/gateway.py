"""What a gateway costs its machine while ten sensors tell new values each second.

A running gateway, with the alarm's process beside it, hears ten BTHome sensors through bleak, a private D-Bus and a
model of bluetoothd on a simulated radio; a real broker takes what it sends, and receipts come back. Memory is said
twice: resident, and as a share (a page that two processes have counts half in each). How fast the outbox writes is
measured apart, in transactions as sensors (1 reading) and meters (10, 50) make them.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from bumble.data_types import ServiceData16BitUUID

from cloud.local.broker import LocalBroker
from edge.outbox import Outbox
from firmware_sim.bluez.private_bluez import PrivateBluez
from firmware_sim.peripherals.assigned import assigned
from firmware_sim.peripherals.broadcaster import Broadcaster
from firmware_sim.radio import Radio
from protocols.adverts.bthome import BTHOME_UUID, encode_bthome
from protocols.adverts.bthome_objects import BATTERY, HUMIDITY, MOTION, PACKET_ID, TEMPERATURE
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from tests.bench._machine import machine
from tests.bench._usage import with_children
from tests.edge.conftest import CATALOGUE, KEY
from tests.integration.edge_centre import FakeCentre

BIN = Path(sys.executable).parent
GATEWAY = "gw-test"
SENSORS = tuple(f"C0:FF:EE:00:0D:{place:02X}" for place in range(1, 11))
BUTTON = "C0:FF:EE:00:0D:F0"
SETTLE_S = 15.0
"""What a start costs is not what a gateway costs."""
STARTS_WITHIN_S = 60.0
PUT_READINGS = 20_000
SOURCES = 4


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it is watched (default 60)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    known = machine()
    with tempfile.TemporaryDirectory(prefix="gw-") as name:  # short: it holds a Unix socket
        written = _outbox_figures(Path(name))
        watched = asyncio.run(_watch(Path(name), options.seconds))
    text = json.dumps({"machine": known, **watched, **written}, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


async def _watch(folder: Path, seconds: float) -> dict[str, Any]:
    """The gateway's figures over `seconds`, after it has settled."""
    async with AsyncExitStack() as parts:
        radio = Radio()
        parts.push_async_callback(radio.close)
        devices = [await radio.peripheral(address, "ATC") for address in SENSORS]
        sensors = [Sensor(Broadcaster(device), place) for place, device in enumerate(devices)]
        hci = await radio.serve_hci()
        bluez = await PrivateBluez.start(hci=hci, keystore=folder / "keys", bus_folder=folder)
        parts.push_async_callback(bluez.stop)
        telling = [asyncio.create_task(sensor.tell()) for sensor in sensors]
        parts.push_async_callback(_end, telling)
        # What waits for a server or a process waits in a thread: the radio runs in this one.
        processes = ExitStack()
        parts.push_async_callback(asyncio.to_thread, processes.close)
        broker = await asyncio.to_thread(lambda: processes.enter_context(LocalBroker(folder / "broker", 0)))
        centre = await asyncio.to_thread(FakeCentre, int(broker.url.rpartition(":")[2]))
        processes.callback(centre.close)
        port = _free_port()
        gateway = await asyncio.to_thread(
            lambda: processes.enter_context(_gateway(folder, port, bluez.bus_address, broker.url))
        )
        await asyncio.to_thread(_until_well, port)
        await asyncio.sleep(SETTLE_S)
        before = await asyncio.to_thread(_asked, port)
        began_s, told = time.monotonic(), sum(sensor.told for sensor in sensors)
        at_first = [Cost.of(pid) for pid in with_children((gateway.pid,))]
        await asyncio.sleep(seconds)
        at_last = [Cost.of(pid) for pid in with_children((gateway.pid,))]
        passed_s, told = time.monotonic() - began_s, sum(sensor.told for sensor in sensors) - told
        after = await asyncio.to_thread(_asked, port)
    percent = [round((b.cpu_s - a.cpu_s) / passed_s * 100, 2) for a, b in zip(at_first, at_last, strict=True)]
    return {
        "sensors": len(SENSORS),
        "seconds": round(passed_s, 1),
        "adverts": told,
        "readings_taken": after["readings_taken"] - before["readings_taken"],
        "gateway_rss_mb": at_last[0].rss_mb,
        "gateway_pss_mb": at_last[0].pss_mb,
        "gateway_cpu_percent": percent[0],
        "alarm_rss_mb": round(sum(cost.rss_mb for cost in at_last[1:]), 1),
        "alarm_pss_mb": round(sum(cost.pss_mb for cost in at_last[1:]), 1),
        "alarm_cpu_percent": round(sum(percent[1:]), 2),
        "pss_mb": round(sum(cost.pss_mb for cost in at_last), 1),
        "cpu_percent": round(sum(percent), 2),
    }


class Sensor:
    """Tells another humidity and temperature each second, as a whole room does in which somebody showers."""

    def __init__(self, broadcaster: Broadcaster, place: int) -> None:
        self._broadcaster = broadcaster
        self._place = place
        self.told = 0

    async def tell(self) -> None:
        """Until cancelled."""
        while True:
            turn = self.told / 60 + self._place
            values = [
                (PACKET_ID, self.told & 0xFF),
                (BATTERY, 96),
                (TEMPERATURE, 22.0 + math.sin(turn)),
                (HUMIDITY, 60.0 + 25.0 * math.sin(turn)),
                (MOTION, 0),
            ]
            payload = ServiceData16BitUUID(assigned(BTHOME_UUID), encode_bthome(values))
            await self._broadcaster.show(payload, interval_ms=10_000.0)  # each is sent once: at once
            self.told += 1
            await asyncio.sleep(1.0)


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    rss_mb: float
    pss_mb: float

    @classmethod
    def of(cls, pid: int) -> "Cost":
        """Of a process that lives, itself alone."""
        kb = {}
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
            key, _, value = line.partition(":")
            kb[key] = int(value.split()[0])
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return cls(ticks / os.sysconf("SC_CLK_TCK"), round(kb["Rss"] / 1024, 1), round(kb["Pss"] / 1024, 1))


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _gateway(folder: Path, port: int, bus_address: str, broker_url: str) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "edge.toml"
    config.write_text(
        f'gateway = "{GATEWAY}"\ndata = "{folder / "gateway"}"\ncatalogue = "{CATALOGUE}"\n[health]\nport = {port}\n'
        + "".join(_device(address, "shower_sensor", "bthome-sensor") for address in SENSORS)
        + _device(BUTTON, "emergency_button", "bthome-button")
        + f'bind_key = "{KEY}"\n',
        encoding="utf-8",
    )
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus_address, "DOORSTEP_BROKER": broker_url}
    command: list[str | Path] = [BIN / "doorstep-edge", "run", "--config", config]
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _device(address: str, kind: str, model: str) -> str:
    return f'[[device]]\nname = "ble:{address}"\nkind = "{kind}"\nmodel = "{model}"\naddress = "{address}"\n'


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _asked(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _until_well(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        with contextlib.suppress(urllib.error.URLError):
            state = _asked(port)
            heard = [device for device in state["devices"] if "heard_at" in device]
            if state["well"] and len(heard) >= len(SENSORS):  # the button speaks when it is pressed
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the gateway is not well within {STARTS_WITHIN_S:.0f} s")
        time.sleep(0.2)


def _outbox_figures(folder: Path) -> dict[str, Any]:
    """Readings a second into an outbox; one at a time also what part of it is waiting for the disk to have it, and with
    several sources at once. Medians of three runs."""
    rates = {f"put_{size}_rows_s": _put_rows_s(folder, size) for size in (1, 10, 50)}
    unsafe = _put_rows_s(folder, 1, flushed=False)
    return {
        **rates,
        f"put_1_by_{SOURCES}_rows_s": _put_rows_s(folder, 1, sources=SOURCES),
        "put_1_flush_share": round(1 - rates["put_1_rows_s"] / unsafe, 2),
    }


def _put_rows_s(folder: Path, size: int, *, sources: int = 1, flushed: bool = True) -> int:
    """With `size` in each put, by so many threads. Not `flushed`: no word of the disk is waited for."""
    rates = []
    for _ in range(3):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            outbox = Outbox(Path(name) / "outbox.db")
            if not flushed:
                outbox._db.execute("PRAGMA synchronous = OFF")
            readings = PUT_READINGS if size > 1 else PUT_READINGS // 4
            start = datetime.now(UTC) - timedelta(days=1)
            made = [_reading(start + timedelta(seconds=place), place) for place in range(readings)]
            threads = [
                threading.Thread(target=_put, args=(outbox, made[place::sources], size), daemon=True)
                for place in range(sources)
            ]
            began_s = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            rates.append(readings / (time.perf_counter() - began_s))
            assert outbox.taken == readings
            outbox.close()
    return round(statistics.median(rates))


def _put(outbox: Outbox, readings: list[Reading], size: int) -> None:
    made = iter(readings)
    while batch := list(islice(made, size)):
        outbox.put(batch)


def _reading(at: datetime, place: int) -> Reading:
    return Reading(
        device=f"ble:{SENSORS[place % len(SENSORS)]}",
        metric=Metric.HUMIDITY,
        value=40.0 + place % 50,
        unit=CANONICAL_UNIT[Metric.HUMIDITY],
        measured_at=at,
        received_at=at,
    )
