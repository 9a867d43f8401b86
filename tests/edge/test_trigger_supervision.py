"""What calls for help is looked after: heard in its time, its battery, and the radio it is heard by."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.alarm.supervision import RADIO_LOST_S, TriggerWatch
from edge.alarm.technical import Conditions
from protocols.alarm.kinds import AlarmKind
from protocols.device_kind import DeviceKind
from tests.edge.alarm_home import CallingHome, create_device

BUTTON = create_device(
    "ble:button", DeviceKind.EMERGENCY_BUTTON, "bthome-button", address="C0:FF:EE:00:00:04", heard_within_s=100.0
)
UNWATCHED = create_device("ble:other", DeviceKind.EMERGENCY_BUTTON, "bthome-button", address="C0:FF:EE:00:00:05")
CORD = create_device("gpio:17", DeviceKind.PULL_CORD, "gpio-contact", port="gpio:17")
BATH = create_device("ble:bath", DeviceKind.SHOWER_SENSOR, "bthome-sensor", heard_within_s=1.0)


class Home(CallingHome):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, (BUTTON, UNWATCHED, CORD, BATH))
        self.radio: str | None = None
        self.later_s = 0.0
        self._now_s = time.monotonic
        self.watch = TriggerWatch(
            Conditions(self.calling),
            self.figures.devices,
            lambda: self.radio,
            monotonic_s=lambda: self._now_s() + self.later_s,
        )

    def lasting(self) -> list[tuple[AlarmKind, str]]:
        self.watch.look()
        return [(call.kind, call.device) for call in self.calls if not call.cancelled]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.journal.close()


def test_button_that_is_not_heard_in_its_time(home: Home) -> None:
    home.later_s = 90
    assert home.lasting() == []
    home.later_s = 110
    assert home.lasting() == [(AlarmKind.TRIGGER_SILENT, "ble:button")]
    home.later_s = 0
    home.figures.heard("ble:button")
    assert home.lasting() == []


def test_wire_that_nobody_can_look_at(home: Home) -> None:
    home.figures.heard("gpio:17")
    home.later_s = 99
    assert home.lasting() == []
    home.later_s = 130
    assert (AlarmKind.TRIGGER_SILENT, "gpio:17") in home.lasting()


def test_battery_of_a_button(home: Home) -> None:
    home.figures.battery("ble:button", 14)
    assert home.lasting() == [(AlarmKind.TRIGGER_BATTERY_LOW, "ble:button")]
    home.figures.battery("ble:button", 20)
    assert len(home.lasting()) == 1
    home.figures.battery("ble:button", 100)
    assert home.lasting() == []
    home.figures.battery("ble:bath", 1)  # it calls nobody
    assert home.lasting() == []


def test_radio_that_is_gone_for_a_minute(home: Home) -> None:
    home.radio = "no Bluetooth"
    assert home.lasting() == []
    home.later_s = RADIO_LOST_S - 5
    assert home.lasting() == []
    home.later_s = RADIO_LOST_S + 5
    assert home.lasting() == [(AlarmKind.RADIO_LOST, "gateway")]
    home.radio = None
    assert home.lasting() == []
