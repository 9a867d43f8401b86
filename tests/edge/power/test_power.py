"""Mains and battery: told by a pack on a pseudo-terminal or a pin, and alarms while they are bad."""

import asyncio
import os
import pty
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from edge.alarm.technical import Conditions
from edge.power.mains_pin import MainsPin
from edge.power.rules import PowerRules
from edge.power.supply import Power
from edge.power.upspack import UpspackSource
from edge.power.watch import PowerWatch
from protocols.alarm.kinds import AlarmKind
from tests.edge.alarm_home import CallingHome
from tests.edge.test_wired_triggers import running

PATIENCE_S = 10.0


class Home(CallingHome):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ())
        self.now_s = 0.0
        self.changes = 0
        self.watch = self.create_watch()

    def create_watch(self) -> PowerWatch:
        rules = PowerRules(lost_s=5.0, battery_low_percent=20.0)
        conditions = Conditions(self.calling)
        return PowerWatch(rules, conditions, self.clock, self._change, monotonic_s=lambda: self.now_s)

    def _change(self) -> None:
        self.changes += 1

    def tell(self, mains: bool, percent: float | None = None, *, for_s: int = 1) -> None:
        for _ in range(for_s):
            self.watch.told(Power(mains, percent), None)
            self.now_s += 1

    def lasting(self) -> list[AlarmKind]:
        return [call.kind for call in self.calls if not call.cancelled]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.journal.close()


def test_mains_that_are_lost_and_come_back(home: Home) -> None:
    home.tell(True, 100)
    home.tell(False, 99, for_s=5)
    assert home.lasting() == []  # the lights only flickered so far
    home.tell(False, 99)
    assert home.lasting() == [AlarmKind.MAINS_LOST]
    status = home.watch.status()
    assert status is not None
    assert (status.mains, status.battery_percent) == (False, 99)
    home.tell(True, 98)
    assert home.lasting() == []
    assert [call.kind for call in home.calls] == [AlarmKind.MAINS_LOST]
    assert home.changes == 3


def test_flicker_is_no_alarm(home: Home) -> None:
    home.tell(True)
    for _ in range(10):
        home.tell(False, for_s=3)
        home.tell(True)
    assert home.calls == []


def test_battery_is_low_until_it_is_well_above(home: Home) -> None:
    for percent in (21, 19, 21, 29, 19):
        home.tell(False, percent)
    assert home.lasting() == [AlarmKind.MAINS_LOST, AlarmKind.BATTERY_LOW]
    home.tell(False, 30)
    assert home.lasting() == [AlarmKind.MAINS_LOST]


def test_restart_takes_up_what_was_open_or_ends_it(home: Home) -> None:
    home.tell(False, 10)
    assert len(home.lasting()) == 2
    home.watch = home.create_watch()
    home.tell(False, 10)
    assert len(home.calls) == 2
    home.watch = home.create_watch()
    home.tell(True, 80)
    assert home.lasting() == []


def test_silence_of_the_supply_is_trouble_and_no_alarm(home: Home) -> None:
    home.tell(True, 100)
    home.watch.told(None, "the UPS on /dev/ttyS0 has said nothing for 10 s")
    assert home.watch.status() is None
    assert home.watch.trouble == "the UPS on /dev/ttyS0 has said nothing for 10 s"
    assert home.calls == []


class Told:
    def __init__(self) -> None:
        self.words: list[tuple[Power | None, str | None]] = []
        self._more = asyncio.Event()

    def __call__(self, power: Power | None, trouble: str | None) -> None:
        self.words.append((power, trouble))
        self._more.set()

    async def until(self, fits: Callable[[Power | None, str | None], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not any(fits(*word) for word in self.words):
                self._more.clear()
                await self._more.wait()


@pytest.fixture
def told() -> Told:
    return Told()


async def say(line: int, words: bytes) -> None:
    """Again and again, as a pack does: nobody may be listening yet."""
    while True:
        os.write(line, words)
        await asyncio.sleep(0.05)


async def test_pack_on_a_serial_line(told: Told) -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    source = UpspackSource(os.ttyname(slave), silence_s=0.5)
    async with running(source.run(told)):
        async with running(say(master, b"204 $\r\n$ SmartUPS V1.00,Vin GOOD,BATCAP 84,Vout 5204 $\r\n")):
            await told.until(lambda power, _: power == Power(True, 84.0))
        async with running(say(master, b"$ SmartUPS V1.00,Vin NG,BATCAP 83,Vout 5141 $\r\n")):
            await told.until(lambda power, _: power == Power(False, 83.0))
        await told.until(lambda power, trouble: power is None and "said nothing" in str(trouble))
        os.close(master)
        await told.until(lambda power, trouble: power is None and "lost" in str(trouble))
    os.close(slave)


async def test_pack_that_is_not_plugged_in(told: Told) -> None:
    async with running(UpspackSource("usb:1a86:7523", list).run(told)):
        await told.until(lambda power, trouble: power is None and "no usb:1a86:7523 is plugged in" in str(trouble))


async def test_board_that_tells_by_a_pin(told: Told) -> None:
    factory = MockFactory()
    async with running(MainsPin(6, factory).run(told)):
        await told.until(lambda power, _: power == Power(True))
        factory.pin(6).drive_high()
        await told.until(lambda power, _: power == Power(False))
        factory.pin(6).drive_low()
        told.words.clear()
        await told.until(lambda power, _: power == Power(True))
    factory.reset()
