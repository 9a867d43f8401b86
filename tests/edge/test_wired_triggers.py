"""Pull cords and buttons on wires: a pin of gpiozero's mock, and a real control line looped back by pyserial."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial
from gpiozero.pins.mock import MockFactory, MockPin

from edge.alarm.contact import ContactTrigger
from edge.sources.gpio_button import GpioButton
from edge.sources.serial_button import SerialButton
from protocols.alarm.kinds import AlarmKind
from protocols.device_kind import DeviceKind
from tests.edge.alarm_home import CallingHome, create_device

CORD = create_device("gpio:17", DeviceKind.PULL_CORD, "gpio-contact", port="gpio:17")
HOLD_S = 0.15
PATIENCE_S = 10.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[CallingHome]:
    home = CallingHome(tmp_path, (CORD,))
    yield home
    home.journal.close()


@pytest.fixture
def contact(home: CallingHome) -> ContactTrigger:
    return ContactTrigger(CORD.name, home.calling, home.figures, hold_s=HOLD_S)


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=3)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - another thread changes it
            await asyncio.sleep(0.005)


async def test_first_pull_calls_the_moment_the_contact_closes(home: CallingHome, contact: ContactTrigger) -> None:
    contact.closed()
    assert [(call.kind, call.device) for call in home.calls] == [(AlarmKind.FIXED_TRIGGER, "gpio:17")]
    contact.opened()
    assert len(home.calls) == 1


async def test_further_pull_is_a_call_when_let_go_and_takes_back_when_held(
    home: CallingHome, contact: ContactTrigger
) -> None:
    contact.closed()
    contact.opened()
    home.wall_s += 10
    contact.closed()
    assert len(home.calls) == 1  # it is not clear yet what it will be
    contact.opened()
    assert len(home.calls) == 2
    home.wall_s += 10
    contact.closed()
    await until(lambda: any(call.cancelled for call in home.calls))
    contact.opened()
    assert sorted(call.cancelled for call in home.calls) == [False, True]


async def test_line_that_breaks_while_held_counts_as_a_call(home: CallingHome, contact: ContactTrigger) -> None:
    contact.closed()
    contact.opened()
    home.wall_s += 10
    contact.closed()
    assert contact.broken("the adapter is gone")
    assert len(home.calls) == 2
    assert home.trouble(CORD) == "the adapter is gone"
    contact.alive()
    assert home.trouble(CORD) is None


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


async def test_cord_on_a_pin(home: CallingHome, contact: ContactTrigger, pins: MockFactory) -> None:
    pin: MockPin = pins.pin(17)
    async with running(GpioButton(17, contact, pins).run()):
        await until(lambda: home.figures.devices()[0].heard_at is not None)
        pin.drive_low()
        await until(lambda: len(home.calls) == 1)
        await asyncio.sleep(0.05)  # longer than a contact bounces
        pin.drive_high()
    assert [call.kind for call in home.calls] == [AlarmKind.FIXED_TRIGGER]


class HeldPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """Connected with ground before anybody looks."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self._state = False


async def test_cord_that_is_held_while_the_gateway_starts_calls(home: CallingHome, contact: ContactTrigger) -> None:
    factory = MockFactory(pin_class=HeldPin)
    async with running(GpioButton(17, contact, factory).run()):
        await until(lambda: len(home.calls) == 1)


async def test_pin_that_cannot_be_had_is_told(home: CallingHome, contact: ContactTrigger, pins: MockFactory) -> None:
    async with running(GpioButton(17, contact, pins).run()):
        await until(lambda: home.figures.devices()[0].heard_at is not None)
        async with running(GpioButton(17, contact, pins).run()):
            await until(lambda: home.trouble(CORD) is not None)
    assert "pin gpio:17 cannot be used" in str(home.trouble(CORD))


class Cord:
    """Between RTS and CTS of a port that loops its lines back: cut, unless somebody pulls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pulled = False
        self.there = True
        original = serial.serial_for_url

        def opened(url: str, **settings: Any) -> Any:
            if not self.there:
                raise serial.SerialException("could not open port")
            port = original(url, **settings)
            cord = self

            class Wired(type(port)):  # type: ignore[misc]  # the class that pyserial chose
                @property
                def cts(self) -> bool:
                    if not cord.there:
                        raise serial.SerialException("device disconnected")
                    return bool(super().cts) and cord.pulled

            port.__class__ = Wired
            return port

        monkeypatch.setattr(serial, "serial_for_url", opened)


async def test_cord_on_a_control_line(
    home: CallingHome, contact: ContactTrigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    cord = Cord(monkeypatch)
    async with running(SerialButton("loop://", contact).run()):
        await until(lambda: home.figures.devices()[0].heard_at is not None)
        assert home.calls == []
        cord.pulled = True
        await until(lambda: len(home.calls) == 1)
        cord.there = False
        await until(lambda: home.trouble(CORD) is not None)
        assert "lost" in str(home.trouble(CORD))
        cord.pulled, cord.there = False, True
        await until(lambda: home.trouble(CORD) is None)
    assert [call.kind for call in home.calls] == [AlarmKind.FIXED_TRIGGER]


async def test_adapter_that_is_not_plugged_in_is_told(home: CallingHome, contact: ContactTrigger) -> None:
    async with running(SerialButton("usb:067b:2303", contact, list).run()):
        await until(lambda: home.trouble(CORD) is not None)
    assert home.trouble(CORD) == "no usb:067b:2303 is plugged in; is the cable in its place?"
