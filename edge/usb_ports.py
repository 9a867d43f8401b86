"""Serial ports by what is plugged in: `usb:10c4:85a7` stays the same meter at whatever path it comes up."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from edge.errors import Temporary

_PREFIX = "usb:"
_USB_PORT = re.compile(r"usb:(?P<vendor>[0-9a-fA-F]{4}):(?P<product>[0-9a-fA-F]{4})(:(?P<serial>[\w.+-]{1,64}))?")
LOOK_AGAIN_S = 1.0

Ports = Callable[[], Iterable[ListPortInfo]]


class NoSuchPort(Temporary):
    """Nothing that fits is plugged in, or more than one."""


@dataclass(frozen=True)
class UsbPort:
    usb_id: str
    """Vendor and product, `10c4:85a7`."""
    serial_number: str | None = None
    """The cable's own, where two of a kind are plugged in."""


def parse_usb_port(text: str) -> UsbPort | None:
    """`text` of the form `usb:VENDOR:PRODUCT[:SERIAL]`; None for a path. Raises ValueError for a slip in the form."""
    if not text.startswith(_PREFIX):
        return None
    match = _USB_PORT.fullmatch(text)
    if match is None:
        raise ValueError(f"expected usb:VENDOR:PRODUCT such as usb:10c4:85a7 (lsusb shows both), got {text!r}")
    return UsbPort(f"{match['vendor']}:{match['product']}".lower(), match["serial"])


def find_port(text: str, ports: Ports = list_ports.comports) -> str:
    """The path at which the configured port is now.

    Raises NoSuchPort with a sentence where it is not plugged in, or where more than one port fits.
    """
    wanted = parse_usb_port(text)
    if wanted is None:
        if not Path(text).exists():
            raise NoSuchPort(f"port {text} is not there; is the cable plugged in?", retry_after_s=LOOK_AGAIN_S)
        return text
    found = [port for port in ports() if _fits(port, wanted)]
    if not found:
        raise NoSuchPort(f"no {text} is plugged in; is the cable in its place?", retry_after_s=LOOK_AGAIN_S)
    if len(found) > 1:
        listed = ", ".join(f"{port.device} (serial number {port.serial_number or 'none'})" for port in found)
        raise NoSuchPort(
            f"{text} is plugged in {len(found)} times: {listed}; add the serial number, or name a path",
            retry_after_s=LOOK_AGAIN_S,
        )
    return str(found[0].device)


def usb_id_at(path: str, ports: Ports = list_ports.comports) -> str | None:
    """Vendor and product of what is plugged in at `path`; None for a port that is not USB's."""
    at = Path(path).resolve()
    return next((_usb_id(port) for port in ports() if Path(port.device).resolve() == at), None)


def vendor_of(usb_id: str) -> str:
    """The first half of `10c4:85a7`."""
    return usb_id.partition(":")[0]


def _fits(port: ListPortInfo, wanted: UsbPort) -> bool:
    return _usb_id(port) == wanted.usb_id and wanted.serial_number in (None, port.serial_number)


def _usb_id(port: ListPortInfo) -> str | None:
    return None if port.vid is None or port.pid is None else f"{port.vid:04x}:{port.pid:04x}"
