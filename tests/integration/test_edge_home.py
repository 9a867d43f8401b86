"""A whole gateway, as a process, in a simulated home: real Bluetooth stack, real serial line, real broker."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud.local.broker import LocalBroker
from firmware_sim.control import HomeControl
from protocols.alarm.states import AlarmState
from protocols.reading import Flag, Metric, Reading
from tests.edge.conftest import CATALOGUE, KEY
from tests.integration.edge_centre import PATIENCE_S, FakeCentre

pytestmark = [pytest.mark.integration]

GLUCOMETER, CUFF, SENSOR, BUTTON = (f"C0:FF:EE:00:09:0{device}" for device in range(1, 5))
SERIAL = "serial:onetouch-ultraeasy-9"
STARTS_WITHIN_S = 60.0

HOME = f"""\
name = "home-9"
time_zone = "Asia/Shanghai"
state = "state"

[glucometer]
address = "{GLUCOMETER}"
passkey = 294016
clock_offset_s = -95

[sphygmomanometer]
address = "{CUFF}"
clock_offset_s = 140

[shower_sensor]
address = "{SENSOR}"

[emergency_button]
address = "{BUTTON}"
bind_key = "{KEY}"

[serial_glucometer]
link = "glucometer-port"
clock_offset_s = 210
"""

GATEWAY = f"""\
gateway = "gw-test"
time_zone = "Asia/Shanghai"
data = "gateway"
catalogue = "{CATALOGUE}"

[uplink]
linger_ms = 50
resend_s = 1
status_s = 1

[bluetooth]
rest_s = 1
silence_s = 1

[[device]]
name = "ble:{GLUCOMETER}"
kind = "glucometer"
model = "bluetooth-glucose"
address = "{GLUCOMETER}"
passkey = 294016

[[device]]
name = "ble:{CUFF}"
kind = "sphygmomanometer"
model = "bluetooth-blood-pressure"
address = "{CUFF}"

[[device]]
name = "ble:{SENSOR}"
kind = "shower_sensor"
model = "bthome-sensor"
address = "{SENSOR}"

[[device]]
name = "ble:{BUTTON}"
kind = "emergency_button"
model = "bthome-button"
address = "{BUTTON}"
bind_key = "{KEY}"

[[device]]
name = "{SERIAL}"
kind = "glucometer"
model = "onetouch-ultraeasy"
port = "state/glucometer-port"
poll_interval_s = 1
"""


class Home:
    """A simulated home and the gateway that stands in it, both as processes."""

    def __init__(self, folder: Path, broker: LocalBroker) -> None:
        self.folder = folder
        self._broker = broker
        (folder / "home.toml").write_text(HOME, encoding="utf-8")
        (folder / "edge.toml").write_text(GATEWAY, encoding="utf-8")
        run_file = folder / "run.json"
        command: list[str | Path] = [
            "firmware_sim.cli",
            "home",
            "--home",
            folder / "home.toml",
            "--run-file",
            run_file,
            "--no-live",
        ]
        self._home = self._start(command, {})
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not run_file.exists():
            assert self._home.poll() is None, "the home ended"
            assert time.monotonic() < deadline, "the home does not come up"
            time.sleep(0.05)
        self._run: dict[str, Any] = json.loads(run_file.read_text(encoding="utf-8"))
        self.control = HomeControl(Path(self._run["control_socket"]))
        self.gateway: subprocess.Popen[bytes] | None = None

    def _start(self, command: list[str | Path], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        module, *arguments = command
        program = f"import sys; from {module} import main; sys.exit(main())"
        with (self.folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", program, *arguments], env={**os.environ, **environment}, stderr=log
            )

    def start_gateway(self) -> None:
        self.gateway = self._start(
            ["edge.cli", "run", "--config", self.folder / "edge.toml"],
            {"DBUS_SYSTEM_BUS_ADDRESS": self._run["bus_address"], "DOORSTEP_BROKER": self._broker.url},
        )

    def end_gateway(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.gateway is not None
        self.gateway.send_signal(number)
        return self.gateway.wait(PATIENCE_S)

    def stop(self) -> None:
        if self.gateway is not None and self.gateway.poll() is None:
            self.end_gateway()
        self.control.close()
        self._home.terminate()
        self._home.wait(PATIENCE_S)

    def told(self) -> list[str]:
        path = self.folder / "gateway" / "feedback.jsonl"
        if not path.exists():
            return []
        return [json.loads(line)["state"] for line in path.read_text(encoding="utf-8").splitlines()]

    def until_told(self, state: AlarmState) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while state.value not in self.told():
            assert time.monotonic() < deadline, f"told only {self.told()}"
            time.sleep(0.02)


@pytest.fixture
def centre(broker: LocalBroker) -> Iterator[FakeCentre]:
    centre = FakeCentre(broker.port)
    yield centre
    centre.close()


@pytest.fixture
def home(tmp_path: Path, broker: LocalBroker) -> Iterator[Home]:
    home = Home(tmp_path, broker)
    yield home
    home.stop()


def of(centre: FakeCentre, device: str, metric: Metric) -> list[Reading]:
    return [r for r in list(centre.stored.values()) if (r.device, r.metric) == (device, metric)]


def until_glucose_is_whole(home: Home, centre: FakeCentre) -> None:
    """Every record of both glucometers is at the centre; one is a control solution, counted and not sent."""
    meters = home.control.meters()
    records = meters["serial_glucometer"]["stored"]
    centre.until(lambda: len(of(centre, SERIAL, Metric.GLUCOSE)) >= records, "serial glucose is missing")
    glucose = meters["glucometer"]["stored"] - 1
    centre.until(lambda: len(of(centre, f"ble:{GLUCOMETER}", Metric.GLUCOSE)) >= glucose, "glucose is missing")


def until_pressures_are_whole(home: Home, centre: FakeCentre) -> None:
    meter = home.control.meters()["sphygmomanometer"]
    pressures = meter["stored"] + meter["handed_over"]
    centre.until(lambda: len(of(centre, f"ble:{CUFF}", Metric.SYSTOLIC)) >= pressures, "pressures are missing")
    assert len(of(centre, f"ble:{CUFF}", Metric.SYSTOLIC)) == pressures


def assert_nothing_doubled(centre: FakeCentre) -> None:
    keys = [(r.device, r.metric, r.device_time, r.sequence) for r in centre.stored.values() if r.device_time]
    assert len(keys) == len(set(keys))


def test_day_in_a_home(home: Home, centre: FakeCentre) -> None:
    home.start_gateway()
    until_glucose_is_whole(home, centre)
    until_pressures_are_whole(home, centre)

    home.control.measure_pressure(systolic=182, diastolic=101, pulse=88, flags=(Flag.BODY_MOVED,))
    centre.until(lambda: any(r.value == 182 for r in of(centre, f"ble:{CUFF}", Metric.SYSTOLIC)), "no new pressure")
    pressure = next(r for r in of(centre, f"ble:{CUFF}", Metric.SYSTOLIC) if r.value == 182)
    assert Flag.BODY_MOVED in pressure.flags
    assert pressure.clock_offset_s == pytest.approx(140, abs=5)
    assert abs((pressure.measured_at - pressure.received_at).total_seconds()) < 60

    home.control.measure_glucose(mg_dl=51)
    centre.until(
        lambda: any(round(r.value) == 51 for r in of(centre, f"ble:{GLUCOMETER}", Metric.GLUCOSE)), "no new glucose"
    )
    home.control.measure_glucose(mg_dl=307, device="serial")
    centre.until(lambda: any(r.value == 307 for r in of(centre, SERIAL, Metric.GLUCOSE)), "no new serial glucose")
    home.control.motion()
    centre.until(lambda: bool(of(centre, f"ble:{SENSOR}", Metric.MOTION)), "no motion")
    assert of(centre, f"ble:{SENSOR}", Metric.MOTION)[0].value == 1
    assert_nothing_doubled(centre)
    status = centre.until_status(
        lambda s: s.online and len(s.devices) == 5 and s.devices[0].battery_percent is not None
    )
    assert status.readings_taken > 0

    home.control.press()
    call = centre.alarms.get(timeout=PATIENCE_S)
    assert call.device == f"ble:{BUTTON}"
    for state, by, minutes in (
        (AlarmState.AT_CENTRE, None, None),
        (AlarmState.TAKEN, "Li", None),
        (AlarmState.ON_THE_WAY, "Li", 9),
        (AlarmState.CLOSED, None, None),
    ):
        centre.say(call, state, by, minutes)
        home.until_told(state)
    assert home.told() == ["raised", "sent", "at_centre", "taken", "on_the_way", "closed"]

    assert home.end_gateway() == 0
    assert centre.until_status(lambda s: not s.online).reason == "stopped"


def test_gateway_killed_again_and_again_loses_no_glucose_and_doubles_nothing(home: Home, centre: FakeCentre) -> None:
    """Each life of the gateway is too short for all of it. The cuff erases what bluetoothd has confirmed, which is
    before any program hears of it: what was on the D-Bus at the instant of the kill is the one thing that can go."""
    for life in range(4):
        home.start_gateway()
        wait_for_more(centre, len(centre.stored) + 1)
        home.end_gateway(signal.SIGKILL)
        home.control.measure_glucose(mg_dl=100 + life)
    home.start_gateway()
    until_glucose_is_whole(home, centre)
    # once only: neither numbers its records, and two in one second would be one
    home.control.measure_pressure(systolic=143, diastolic=80, pulse=70)
    home.control.measure_glucose(mg_dl=203, device="serial")
    until_glucose_is_whole(home, centre)
    cuff = f"ble:{CUFF}"
    centre.until(lambda: any(r.value == 143 for r in of(centre, cuff, Metric.SYSTOLIC)), "no last pressure")
    assert_nothing_doubled(centre)
    values = {round(r.value) for r in of(centre, f"ble:{GLUCOMETER}", Metric.GLUCOSE)}
    assert values >= {100, 101, 102, 103}
    assert 203.0 in {r.value for r in of(centre, SERIAL, Metric.GLUCOSE)}


def wait_for_more(centre: FakeCentre, count: int) -> None:
    centre.until(lambda: len(centre.stored) >= count, "nothing came")


def test_press_reaches_the_centre_while_readings_cannot(home: Home, centre: FakeCentre) -> None:
    """The centre stores no readings, the outbox fills; a call goes its own way."""
    centre.answers = False
    home.start_gateway()
    centre.until(lambda: len(centre.messages) >= 3, "no readings came")
    home.control.press()
    assert centre.alarms.get(timeout=PATIENCE_S).device == f"ble:{BUTTON}"
