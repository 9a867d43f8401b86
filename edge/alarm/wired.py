"""Triggers on a wire, as the configuration names them: a pin of the gateway, or a serial port."""

from typing import TYPE_CHECKING

from edge.addresses import parse_gpio
from edge.alarm.calling import Calling
from edge.alarm.contact import ContactTrigger
from edge.config import Device
from edge.figures import Figures
from edge.sources.serial_button import SerialButton

if TYPE_CHECKING:
    from edge.sources.gpio_button import GpioButton


def create_wired(device: Device, calling: Calling, figures: Figures, *, hold_s: float) -> "GpioButton | SerialButton":
    """`hold_s`: held for so long it is a long press."""
    contact = ContactTrigger(device.name, calling, figures, hold_s=hold_s)
    pin = parse_gpio(device.port)
    if pin is None:
        return SerialButton(device.port, contact)
    from edge.sources.gpio_button import GpioButton  # noqa: PLC0415 - gpiozero weighs 4 MB, for those who have a pin

    return GpioButton(pin, contact)
