"""Where a device is found, as a person writes it: `AA:BB:CC:DD:EE:FF`, `gpio:17`, `usb:VENDOR:PRODUCT` or a path."""

import re
from pathlib import Path

from edge.usb_ports import parse_usb_port
from protocols.configuration import ConfigurationError

_ADDRESS = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}")
_GPIO = re.compile(r"gpio:(?P<pin>[0-9]|1[0-9]|2[0-7])")


def parse_gpio(text: str) -> int | None:
    """The pin of `gpio:17`, by its Broadcom number (0 to 27); None for another form."""
    match = _GPIO.fullmatch(text)
    return None if match is None else int(match["pin"])


def need_address(where: str, text: str) -> str:
    """A Bluetooth address in upper case. Raises ConfigurationError."""
    if not _ADDRESS.fullmatch(text.upper()):
        raise ConfigurationError(f"{where}: expected AA:BB:CC:DD:EE:FF, got {text!r}")
    return text.upper()


def port_path(where: str, text: str, folder: Path) -> str:
    """A pin or `usb:...` as it is, a path from `folder` on; empty stays empty. Raises ConfigurationError."""
    if not text or parse_gpio(text) is not None:
        return text
    try:
        return text if parse_usb_port(text) is not None else str(folder / text)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from error
