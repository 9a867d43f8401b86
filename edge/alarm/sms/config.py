"""[alarm.sms] of the gateway's configuration."""

import os
import re
from pathlib import Path
from typing import Annotated

import msgspec

from edge.device_key import read_private
from edge.usb_ports import parse_usb_port
from protocols.alarm.code import KEY_BYTES
from protocols.alarm.text import Language
from protocols.configuration import ConfigurationError

_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_PIN = re.compile(r"[0-9]{4,8}")


class SmsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    port: str = ""
    """The modem: `usb:VENDOR:PRODUCT`, or a path; empty: no modem in this home."""
    baud: Annotated[int, msgspec.Meta(ge=1200)] = 115200
    pin: str = ""
    """Of the SIM; or the next one, which keeps it out of this file. Empty: it asks for none."""
    pin_file: str = ""
    key_file: str = ""
    """64 hexadecimal digits, as `doorstep-cloud sms-key` prints them; or the next one."""
    key_env: str = ""
    numbers: tuple[str, ...] = ()
    """Who is told, in this order: the centre's modem first. +, country, number."""
    language: Language = Language.EN
    """Of the sentence before the code."""
    next_number_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    """Without an answer of the centre for so long the next number is told."""
    test_days: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    """A text that tests the whole way goes so often; 0: never."""


class SmsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The section with its files read."""

    port: str
    baud: int
    pin: str
    key: bytes
    numbers: tuple[str, ...]
    language: Language
    next_number_s: float
    test_days: float

    def __repr__(self) -> str:
        return f"SmsSettings({self.port})"  # never the key, the PIN or the numbers


def sms_settings(section: SmsSection, folder: Path) -> SmsSettings | None:
    """None where there is no modem. `folder`: where relative paths start. Raises ConfigurationError."""
    where = "alarm.sms"
    if not section.port:
        return None
    try:
        parse_usb_port(section.port)
    except ValueError as error:
        raise ConfigurationError(f"{where}.port: {error}") from error
    if not section.numbers:
        raise ConfigurationError(f"{where}.numbers: expected the number of the centre's modem, such as +8613800000000")
    for place, number in enumerate(section.numbers):
        if not _NUMBER.fullmatch(number):
            raise ConfigurationError(f"{where}.numbers[{place}]: expected +, country and number, digits only")
    if section.pin and section.pin_file:
        raise ConfigurationError(f"{where}: give one of pin and pin_file, not both")
    pin = read_private(f"{where}.pin_file", folder / section.pin_file).strip() if section.pin_file else section.pin
    if pin and not _PIN.fullmatch(pin):
        raise ConfigurationError(f"{where}.pin: expected 4 to 8 digits")
    return SmsSettings(
        port=section.port,
        baud=section.baud,
        pin=pin,
        key=_key(where, section, folder),
        numbers=section.numbers,
        language=section.language,
        next_number_s=section.next_number_s,
        test_days=section.test_days,
    )


def _key(where: str, section: SmsSection, folder: Path) -> bytes:
    if bool(section.key_file) == bool(section.key_env):
        raise ConfigurationError(f"{where}: give one of key_file and key_env (doorstep-cloud sms-key prints the key)")
    if section.key_file:
        setting, text = f"{where}.key_file", read_private(f"{where}.key_file", folder / section.key_file)
    else:
        setting, text = f"{where}.key_env", os.environ.get(section.key_env, "")
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{setting}: expected {2 * KEY_BYTES} hexadecimal digits")
    return key
