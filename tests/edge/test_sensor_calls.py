"""Sensors that call by themselves: a fall, water on the floor, a stay under the shower that grows too long."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.alarm.fall import FallListener
from edge.alarm.long_stay import LongStays
from edge.clock import Clock
from edge.intake import Intake
from edge.outbox import Outbox
from edge.sources.movement import HomeMovement
from edge.sources.sensor import SensorListener
from protocols.adverts.bthome import encode_bthome
from protocols.adverts.bthome_objects import BATTERY, HUMIDITY, MOTION, PACKET_ID, VIBRATION, VOLUME_FLOW_RATE, WET
from protocols.alarm.kinds import AlarmKind
from protocols.device_kind import DeviceKind
from protocols.shower.stay import StayRules
from tests.edge.alarm_home import CallingHome, create_device
from tests.edge.conftest import KEY

FALL_ADDRESS = "C0:FF:EE:00:00:05"
FALL = create_device("ble:fall", DeviceKind.FALL_SENSOR, "bthome-fall", address=FALL_ADDRESS)
WATER = create_device("ble:water", DeviceKind.WATER_SENSOR, "bthome-sensor", address="C0:FF:EE:00:00:06")
BATH = create_device("ble:bath", DeviceKind.SHOWER_SENSOR, "bthome-sensor", address="C0:FF:EE:00:00:03")
HALL = create_device("ble:hall", DeviceKind.MOTION_SENSOR, "bthome-sensor", address="C0:FF:EE:00:00:07")
RULES = StayRules(still=timedelta(minutes=15), longest=timedelta(minutes=45))


class Hour(Clock):
    """Stands until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.at = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_minutes(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)


class Home(CallingHome):
    def __init__(self, folder: Path) -> None:
        self.hour = Hour()
        super().__init__(folder, (FALL, WATER, BATH, HALL), self.hour)
        self.outbox = Outbox(folder / "outbox.db")
        intake = Intake(self.outbox, self.figures, lambda: None)
        self.fall = FallListener(FALL, self.calling, self.figures)
        self.water = SensorListener(WATER, intake, self.figures, self.hour, calling=self.calling)
        self.bath = SensorListener(BATH, intake, self.figures, self.hour, calling=self.calling, stay_rules=RULES)
        self.movement = HomeMovement(timedelta(minutes=60), self.hour)
        self.hall = SensorListener(HALL, intake, self.figures, self.hour, movement=self.movement)
        self.basin = SensorListener(BATH, intake, self.figures, self.hour, movement=self.movement)
        self.stays = LongStays([self.bath, self.movement], self.calling, self.hour)
        self._packet = 0

    def kinds(self) -> list[AlarmKind]:
        return [call.kind for call in self.calls]

    def sense(self, *objects: tuple[int, float]) -> bytes:
        self._packet = (self._packet + 1) & 0xFF
        return encode_bthome([(PACKET_ID, self._packet), *objects])

    def bathroom(self, minutes: float, *, flow: float | None = None, motion: float | None = None) -> None:
        """So many minutes in which the sensor says the same each ten seconds, while the clock is looked at."""
        objects = [(VOLUME_FLOW_RATE, flow), (MOTION, motion)]
        for _ in range(round(minutes * 6)):
            self.bath.heard(self.sense(*[(what, value) for what, value in objects if value is not None]), -60)
            self.stays.look()
            self.hour.pass_minutes(1 / 6)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.outbox.close()
    home.journal.close()


def fallen(counter: int, vibration: int | None, key: str = KEY) -> bytes:
    objects: list[tuple[int, float]] = [(BATTERY, 88)]
    if vibration is not None:
        objects.append((VIBRATION, vibration))
    return encode_bthome(objects, mac=FALL_ADDRESS, bind_key=bytes.fromhex(key), counter=counter, trigger_based=True)


def test_fall_is_one_call_until_it_is_over(home: Home) -> None:
    for counter in (1, 1, 2, 3):
        home.fall.heard(fallen(counter, 1), -60)
    assert home.kinds() == [AlarmKind.FALL]
    home.fall.heard(fallen(4, 0), -60)
    home.wall_s += 10
    home.fall.heard(fallen(5, 1), -60)
    assert home.kinds() == [AlarmKind.FALL, AlarmKind.FALL]


def test_fall_of_a_stranger_or_a_recording_is_none(home: Home) -> None:
    home.fall.heard(fallen(1, 1, key="00" * 16), -60)
    home.fall.heard(encode_bthome([(VIBRATION, 1)]), -60)
    assert home.trouble(FALL) is not None
    home.fall.heard(fallen(9, None), -60)
    home.fall.heard(fallen(8, 1), -60)
    assert home.kinds() == []


def test_water_on_the_floor_calls_once_and_is_over_when_it_is_dry(home: Home) -> None:
    home.water.heard(home.sense((WET, 0)), -60)
    assert home.calls == []
    for _ in range(3):
        home.water.heard(home.sense((WET, 1)), -60)
    assert home.kinds() == [AlarmKind.FLOOD]
    home.water.heard(home.sense((WET, 0)), -60)
    assert [call.cancelled for call in home.calls] == [True]
    home.water.heard(home.sense((WET, 1)), -60)
    assert sorted(call.cancelled for call in home.calls) == [False, True]


def test_nobody_moves_while_the_water_runs(home: Home) -> None:
    home.bathroom(5, flow=9, motion=1)
    home.bathroom(14.8, flow=9, motion=0)
    assert home.kinds() == []
    home.bathroom(0.5, flow=9, motion=0)
    assert home.kinds() == [AlarmKind.LONG_STAY]
    home.bathroom(40, flow=9, motion=0)
    assert home.kinds() == [AlarmKind.LONG_STAY]


def test_whoever_moves_is_left_alone_for_three_quarters_of_an_hour(home: Home) -> None:
    home.bathroom(44.8, flow=9, motion=1)
    assert home.kinds() == []
    home.bathroom(0.5, flow=9, motion=1)
    assert home.kinds() == [AlarmKind.LONG_STAY]


def test_water_that_is_off_and_an_empty_bathroom_call_nobody(home: Home) -> None:
    home.bathroom(10, flow=9, motion=1)
    home.bathroom(120, flow=0, motion=0)
    assert home.kinds() == []


def test_sensor_that_falls_silent_does_not_end_the_watch(home: Home) -> None:
    home.bathroom(10, flow=9, motion=0)
    home.hour.pass_minutes(1.5)  # within the time in which water that stopped may run again
    home.stays.look()
    assert home.kinds() == []
    home.bathroom(5, flow=9, motion=0)
    assert home.kinds() == [AlarmKind.LONG_STAY]


def test_steam_tells_a_stay_too(home: Home) -> None:
    humidity = 50.0
    for minute in range(30):
        humidity = min(95.0, humidity + 6)
        home.bath.heard(home.sense((HUMIDITY, humidity), (MOTION, float(minute < 3))), -60)
        home.stays.look()
        home.hour.pass_minutes(1)
    assert home.kinds() == [AlarmKind.LONG_STAY]


def test_shower_sensor_that_tells_no_motion_is_watched_for_the_longest_only(home: Home) -> None:
    home.bathroom(44.8, flow=9)
    assert home.kinds() == []
    home.bathroom(0.5, flow=9)
    assert home.kinds() == [AlarmKind.LONG_STAY]


def test_nobody_moves_anywhere_after_the_bathroom(home: Home) -> None:
    """Without water and without a line."""
    home.hall.heard(home.sense((MOTION, 1)), -60)
    home.hour.pass_minutes(1)
    home.basin.heard(home.sense((MOTION, 1)), -60)
    home.basin.heard(home.sense((MOTION, 0)), -60)
    home.hall.heard(home.sense((MOTION, 0)), -60)
    home.hour.pass_minutes(59)
    home.stays.look()
    assert home.kinds() == []
    home.hour.pass_minutes(1)
    home.stays.look()
    home.stays.look()
    assert [(call.kind, call.device) for call in home.calls] == [(AlarmKind.LONG_STAY, BATH.name)]


def test_whoever_is_seen_elsewhere_has_left_the_bathroom(home: Home) -> None:
    home.basin.heard(home.sense((MOTION, 1)), -60)
    home.hour.pass_minutes(1)
    home.hall.heard(home.sense((MOTION, 1)), -60)
    home.hour.pass_minutes(300)
    home.stays.look()
    assert home.kinds() == []
