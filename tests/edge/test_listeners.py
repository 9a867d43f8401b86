"""What comes by advertisement: presses once, sensors thinned, and nothing that a stranger sends."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from edge.alarm.button import ButtonListener
from edge.alarm.call import Call, PressRules
from edge.alarm.calling import Calling
from edge.alarm.journal import AlarmJournal
from edge.catalogue import load_catalogue
from edge.clock import Clock
from edge.config import Device
from edge.figures import Figures
from edge.intake import Intake
from edge.outbox import Outbox
from edge.sources.ble_scanner import BleScanner, Listeners
from edge.sources.radio_watch import RadioWatch
from edge.sources.sensor import SensorListener
from firmware_sim.lives.bathroom import bathroom_air
from protocols.adverts.bthome import BTHOME_UUID, encode_bthome
from protocols.adverts.bthome_objects import BUTTON, PACKET_ID, ButtonPress
from protocols.reading import Metric, Reading, Unit
from tests.edge.conftest import CATALOGUE, KEY

BUTTON_ADDRESS, SENSOR_ADDRESS, METER_ADDRESS = (f"C0:FF:EE:00:00:0{place}" for place in (4, 3, 2))
BATTERY, TEMPERATURE, HUMIDITY, MOTION = 0x01, 0x02, 0x03, 0x21


def create_device(address: str, kind: str, model: str, key: str = "") -> Device:
    catalogue = load_catalogue(CATALOGUE)
    return Device(
        name=f"ble:{address}",
        kind=next(k for k in catalogue[model].kinds if k.value == kind),
        model=catalogue[model],
        address=address,
        port="",
        poll_interval_s=60,
        passkey=None,
        pair=True,
        heard_within_s=0,
        bind_key=bytes.fromhex(key) if key else None,
    )


BUTTON_DEVICE = create_device(BUTTON_ADDRESS, "emergency_button", "bthome-button", KEY)
SENSOR_DEVICE = create_device(SENSOR_ADDRESS, "shower_sensor", "bthome-sensor")


class Offered(Intake):
    """Keeps at hand what would be written."""

    def __init__(self, outbox: Outbox, figures: Figures, offered: list[Reading]) -> None:
        super().__init__(outbox, figures, lambda: None)
        self._kept = offered

    def offer(self, readings: Sequence[Reading]) -> None:
        self._kept.extend(readings)


class Ears:
    """Where the alarm's process would be."""

    def __init__(self, home: "Home") -> None:
        self._home = home

    def wake(self) -> None:
        self._home.woken += 1

    def tell(self, call: Call) -> None:
        raise AssertionError(f"the journal takes everything here, {call} too")


class Home:
    """A button and a sensor with everything behind them but the radio."""

    def __init__(self, folder: Path) -> None:
        clock = Clock()
        self.outbox = Outbox(folder / "outbox.db")
        self.journal = AlarmJournal(folder / "alarm.db")
        self.figures = Figures((BUTTON_DEVICE, SENSOR_DEVICE), clock)
        self.woken = 0
        self.offered: list[Reading] = []
        intake = Offered(self.outbox, self.figures, self.offered)
        rules = PressRules(same_press_s=0.0, cancel_within_s=0.0)
        self.button = ButtonListener(
            BUTTON_DEVICE, Calling(self.journal, Ears(self), self.figures, clock, rules), self.figures
        )
        self.sensor = SensorListener(SENSOR_DEVICE, intake, self.figures, clock)
        self.scanner = BleScanner(
            "",
            Listeners(adverts={BUTTON_ADDRESS: self.button, SENSOR_ADDRESS: self.sensor}, meters={}),
            lambda _trouble: None,
            clock,
            watch=RadioWatch({}),
        )

    def trouble(self, device: Device) -> str | None:
        return next(f.trouble for f in self.figures.devices() if f.device is device)

    def kept(self, metric: Metric) -> list[float]:
        return [reading.value for reading in self.offered if reading.metric is metric]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.outbox.close()
    home.journal.close()


def pressed(counter: int, press: ButtonPress = ButtonPress.PRESS, key: str = KEY) -> bytes:
    return encode_bthome(
        [(BATTERY, 91), (BUTTON, press)],
        mac=BUTTON_ADDRESS,
        bind_key=bytes.fromhex(key),
        counter=counter,
        trigger_based=True,
    )


def sensed(packet: int, *objects: tuple[int, float]) -> bytes:
    return encode_bthome([(PACKET_ID, packet), *objects])


@pytest.mark.parametrize("press", [press for press in ButtonPress if press is not ButtonPress.NONE])
def test_every_kind_of_press_is_one_call_however_often_it_is_repeated(home: Home, press: ButtonPress) -> None:
    for _ in range(6):
        home.button.heard(pressed(7, press), -60)
    assert len(home.journal.open_calls()) == 1
    assert home.woken == 1
    assert home.trouble(BUTTON_DEVICE) is None


def test_heartbeat_is_no_press(home: Home) -> None:
    home.button.heard(pressed(1, ButtonPress.NONE), -60)
    assert home.journal.open_calls() == []
    (button, _) = home.figures.devices()
    assert (button.battery_percent, button.rssi_dbm) == (91, -60)


def test_plaintext_press_is_refused_and_said(home: Home) -> None:
    home.button.heard(encode_bthome([(BUTTON, ButtonPress.PRESS)]), -60)
    assert home.journal.open_calls() == []
    assert "without encryption" in (home.trouble(BUTTON_DEVICE) or "")
    assert home.figures.devices()[0].heard_at is None


def test_press_with_another_key_is_refused_and_said(home: Home) -> None:
    home.button.heard(pressed(1, key="00" * 16), -60)
    assert home.journal.open_calls() == []
    assert "key" in (home.trouble(BUTTON_DEVICE) or "")


def test_recording_is_refused_and_said_until_the_button_is_heard_again(home: Home) -> None:
    old = pressed(5)
    home.button.heard(old, -60)
    home.button.heard(pressed(6), -60)
    assert len(home.journal.open_calls()) == 2
    home.button.heard(old, -60)
    assert len(home.journal.open_calls()) == 2
    assert "counter went back" in (home.trouble(BUTTON_DEVICE) or "")
    home.button.heard(pressed(8), -60)
    assert home.trouble(BUTTON_DEVICE) is None


def test_motion_is_kept_at_its_edges(home: Home) -> None:
    for packet, moved in enumerate([0, 1, 1, 0, 0, 1]):
        home.sensor.heard(sensed(packet, (MOTION, moved)), -60)
    assert home.kept(Metric.MOTION) == [1, 0, 1]


def test_humidity_is_kept_when_it_changes(home: Home) -> None:
    for packet, percent in enumerate([60.0, 60.4, 60.9, 61.0, 61.5, 72.25]):
        home.sensor.heard(sensed(packet, (HUMIDITY, percent)), -60)
    assert home.kept(Metric.HUMIDITY) == [60.0, 61.0, 72.25]


def test_repeated_packet_is_one(home: Home) -> None:
    home.sensor.heard(sensed(1, (HUMIDITY, 60.0)), -60)
    home.sensor.heard(sensed(1, (HUMIDITY, 90.0)), -60)
    assert home.kept(Metric.HUMIDITY) == [60.0]


def test_hostile_air_does_not_stop_the_scanner(home: Home) -> None:
    """Random bytes under any name, from the addresses of the home and from strangers."""
    dice = random.Random(1)
    for _ in range(3000):
        address = dice.choice([BUTTON_ADDRESS, SENSOR_ADDRESS, METER_ADDRESS, "11:22:33:44:55:66"])
        data = dice.randbytes(dice.randrange(0, 40))
        if dice.random() < 0.5:
            data = dice.choice([pressed(1), sensed(1, (MOTION, 1))])[: dice.randrange(0, 30)] + data
        name = dice.choice([None, "", "\x00\x1b[31m", "ä" * 500])
        advertisement = AdvertisementData(name, {}, {BTHOME_UUID: data, "x": b""}, [], None, -127, ())
        home.scanner.heard(BLEDevice(address, name, {}), advertisement)
    assert all(call.device == BUTTON_DEVICE.name for call in home.journal.open_calls())
    assert len(home.journal.open_calls()) <= 1  # a whole captured frame may be among them, once


def test_meter_is_told_only_of_true_advertisements(home: Home) -> None:
    seen: list[int] = []
    scanner = BleScanner(
        "",
        Listeners(adverts={}, meters={METER_ADDRESS: lambda _device, rssi_dbm: seen.append(rssi_dbm)}),
        lambda _trouble: None,
        Clock(),
        watch=RadioWatch({}),
    )
    device = BLEDevice(METER_ADDRESS.lower(), "Cuff", {})
    scanner.heard(device, AdvertisementData("Cuff", {}, {}, [], None, -55, ()))
    scanner.heard(device, AdvertisementData("Cuff", {}, {}, [], None, -127, ()))
    assert seen == [-55]


def hear_a_shower(sensor: SensorListener, began: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour from `began` on: eight minutes of shower after ten; each advertisement twice."""
    minute = 0.0
    monkeypatch.setattr(sensor, "_now", lambda: began + timedelta(minutes=minute))
    for packet in range(240):
        minute = packet / 4
        humidity, temperature = bathroom_air(minute - 10, 8)
        advert = sensed(packet, (TEMPERATURE, temperature), (HUMIDITY, humidity), (MOTION, int(10 <= minute < 18)))
        sensor.heard(advert, -60)
        sensor.heard(advert, -60)


def test_a_motion_sensor_beside_a_steaming_kettle_tells_no_shower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = create_device(SENSOR_ADDRESS, "motion_sensor", "bthome-sensor")
    outbox, figures = Outbox(tmp_path / "outbox.db"), Figures((device,), Clock())
    offered: list[Reading] = []
    sensor = SensorListener(device, Offered(outbox, figures, offered), figures, Clock())
    hear_a_shower(sensor, datetime(2026, 3, 1, 7, 0, tzinfo=UTC), monkeypatch)
    outbox.close()
    assert {Metric.MOTION, Metric.HUMIDITY} <= {reading.metric for reading in offered}
    assert Metric.SHOWER not in {reading.metric for reading in offered}


def test_shower_is_told_once_beside_its_raw_values(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    began = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
    hear_a_shower(home.sensor, began, monkeypatch)
    (shower,) = [reading for reading in home.offered if reading.metric is Metric.SHOWER]
    assert shower.value == pytest.approx(8, abs=1)
    assert abs(shower.measured_at - (began + timedelta(minutes=10))) < timedelta(minutes=1)
    assert shower.unit is Unit.MINUTE
    assert len(home.kept(Metric.HUMIDITY)) > 20
    assert home.kept(Metric.MOTION) == [1.0, 0.0]
