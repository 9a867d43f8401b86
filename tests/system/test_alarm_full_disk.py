"""A gateway is started while its disk is full to the last byte: whoever presses is heard at the centre and told at
home, and all is as always when there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.local.broker import LocalBroker
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmMessage
from tests.integration.edge_centre import PATIENCE_S, FakeCentre
from tests.integration.test_edge_disk_full import SmallDisk
from tests.system.alarm_gateway import GATEWAY, RealHome
from tests.system.conftest import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(200)]


@pytest.fixture
def disk(folder: Path) -> Iterator[SmallDisk]:
    """Under the gateway's folder."""
    if os.geteuid() != 0:
        pytest.skip("skipped: only root can mount the small disk that this test fills")
    path = folder / "home" / "gateway"
    path.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"skipped: a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield SmallDisk(path)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def broker(folder: Path) -> Iterator[LocalBroker]:
    with LocalBroker(folder / "broker", wanted_port=0) as running:
        yield running


@pytest.fixture
def centre(broker: LocalBroker) -> Iterator[FakeCentre]:
    answering = FakeCentre(broker.port, GATEWAY)
    yield answering
    answering.close()


@pytest.fixture
def home(folder: Path, disk: SmallDisk, broker: LocalBroker) -> Iterator[RealHome]:
    disk.fill()
    made = RealHome(folder / "home", lambda: broker.url)
    yield made
    made.stop()


def next_call(centre: FakeCentre, *, known: set[str]) -> AlarmMessage:
    while (call := centre.alarms.get(timeout=PATIENCE_S)).alarm in known:
        pass
    return call


def test_a_button_works_from_the_start_on_a_full_disk(home: RealHome, disk: SmallDisk, centre: FakeCentre) -> None:
    wait_until("the alarm's process", lambda: "broker_connected" in home.gateway.last_words(100), PATIENCE_S)
    home.push()
    call = next_call(centre, known=set())
    assert not call.kept, "the centre knows that a power cut would forget it"
    centre.say(call, AlarmState.TAKEN, "Li")
    said = f'"alarm": "{call.alarm}", "state": "taken"'
    wait_until("the home to be told", lambda: said in home.gateway.last_words(200), PATIENCE_S)

    disk.make_room()
    wait_until("the whole gateway", lambda: "gateway_started" in home.gateway.last_words(200), PATIENCE_S)
    wait_until("the call to be written down", lambda: call.alarm in home.called, PATIENCE_S)
    second = home.press()
    after = next_call(centre, known={call.alarm})
    assert (after.alarm, after.kept) == (second, True)
    centre.say(after, AlarmState.CLOSED)
    home.until(second, AlarmState.CLOSED, PATIENCE_S)
