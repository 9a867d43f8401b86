"""`doorstep-sim ble` offers devices to any HCI client; `doorstep-edge scan` and `read --ble` find and read them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

pytestmark = [pytest.mark.integration]

PATIENCE_S = 60.0
GLUCOMETER, VERIO, SENSOR, RUUVI, BUTTON = (f"C0:FF:EE:00:0B:0{device}" for device in range(1, 6))
READINGS = "at,glucose_mg_dl\n2026-11-20T07:30:00,101\n2026-11-22T07:30:00,333\n"


def _run(module: str, *arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-c", f"import sys; from {module} import main; sys.exit(main())", *arguments]


def _start(command: list[str | Path]) -> tuple[subprocess.Popen[str], str]:
    """The process, and the one line that it prints when it is ready."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.fixture
def bus() -> Iterator[str]:
    """The address of a bus with bluetoothd's model on it, which hears the devices of `doorstep-sim ble`."""
    with TemporaryDirectory(prefix="ble-") as folder:  # not tmp_path: its name may be too long for a Unix socket
        readings = Path(folder, "readings.csv")
        readings.write_text(READINGS, encoding="utf-8")
        models = ("bluetooth-glucose", "onetouch-verio-flex", "bthome-sensor", "ruuvi-tag", "bthome-button")
        devices, hci = _start(
            _run("firmware_sim.cli", "ble", *models, "--hci", "tcp-server:127.0.0.1:0", "--readings", readings)
        )
        stack, ready = _start(
            _run("firmware_sim.bluez.__main__", "--hci", hci, "--keystore", f"{folder}/k", "--bus-folder", folder)
        )
        yield json.loads(ready)["bus_address"]
        for process in (stack, devices):
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
            assert process.stdout is not None
            process.stdout.close()


def edge(bus: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _run("edge.cli", *arguments),
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_what_is_on_the_air_is_listed_and_read(bus: str) -> None:
    scanned = edge(bus, "scan", "--seconds", "6", "--json")
    assert scanned.returncode == 0, scanned.stderr
    found = {one["address"]: one for one in map(json.loads, scanned.stdout.splitlines())}
    assert {address: (one["kind"], one["models"]) for address, one in found.items()} == {
        GLUCOMETER: ("glucometer", ["bluetooth-glucose"]),
        VERIO: ("glucometer", ["onetouch-verio-flex"]),
        SENSOR: ("shower_sensor", ["bthome-sensor"]),
        RUUVI: ("shower_sensor", ["ruuvi-tag"]),
        BUTTON: ("emergency_button", ["bthome-button"]),
    }
    assert found[VERIO]["name"] == "OneTouch J7RG"
    assert found[RUUVI]["name"] == "Ruuvi 0B01"
    assert isinstance(found[VERIO]["rssi_dbm"], int)

    for address in (GLUCOMETER, VERIO):
        read = edge(bus, "read", "--ble", address, "--json", "--time-zone", "UTC")
        assert read.returncode == 0, read.stderr
        lines = [json.loads(line) for line in read.stdout.splitlines()]
        glucose = [(line["device_time"], line["value"]) for line in lines if line["metric"] == "glucose"]
        assert glucose == [("2026-11-20T07:30:00", 101), ("2026-11-22T07:30:00", 333)]
        assert {"metric", "value", "unit", "device_time", "measured_at", "flags", "sequence"} <= set(lines[0])
        assert "2 records" in read.stderr

    sensor = edge(bus, "read", "--ble", SENSOR)
    assert sensor.returncode == 1
    assert "bthome-sensor is heard and holds nothing to read" in sensor.stderr
    tag = edge(bus, "read", "--ble", RUUVI, "--driver", "ruuvi-tag")
    assert "ruuvi-tag is heard and holds nothing to read; a gateway that has it in its edge.toml" in tag.stderr


def test_arguments_that_make_no_sense_are_refused(bus: str) -> None:
    for arguments, sentence in (
        (("read",), "give either --port"),
        (("read", "--ble", "meter"), "expected AA:BB:CC:DD:EE:FF"),
        (("read", "--ble", GLUCOMETER, "--driver", "taidoc-td42xx"), "expected auto or one of"),
    ):
        refused = edge(bus, *arguments)
        assert (refused.returncode, refused.stdout) == (2, ""), refused
        assert sentence in refused.stderr
