"""What is fuzzed, found by itself: every `decode_*` of `protocols`, and the session of every meter's driver.

A decoder is given bytes as its first argument, and `GIVEN` for the others by their names. It returns, or raises
ProtocolError whose offset lies in the bytes; anything else is a finding. One that cannot be called so is an error.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, get_type_hints

import protocols
from edge.sources import serial_meter, vendor_meter
from protocols.configuration import decode_configuration
from protocols.errors import DecodeError, ProtocolError
from protocols.gatt.vendor.session import GattSession, Remembered
from protocols.serial.abbott.dump import LITE, OPTIUM
from protocols.serial.session import Session
from protocols.sms.modem import ModemSession, ModemSilent
from protocols.sms.modem_events import Came
from protocols.sms.pdu import Submit
from protocols.sms.user_data import UserData
from protocols.telemetry import messages
from protocols.telemetry.measuring_again import MeasureAgainMessage

Target = Callable[[bytes], None]

NEWEST_KNOWN = datetime(2026, 3, 1, 8, 0)
GIVEN: dict[str, tuple[Any, ...]] = {
    "mac": ("A4:C1:38:00:00:01",),
    "bind_key": (None, bytes(16)),
    "device_time": (NEWEST_KNOWN, None),
    "dialect": (OPTIUM, LITE),
    "number": (1,),
    "root": ("mrq", "mrs"),
    "slot": (0,),
    "user": (None, 1),
}
"""Values of decoders' other arguments; an enumeration's members need not stand here."""
ELSEWHERE: frozenset[Callable[..., object]] = frozenset({decode_configuration, messages.decode})
"""Decoders of text, or of several kinds: their own targets stand below."""
MESSAGES = (
    messages.ReadingsMessage,
    messages.Receipt,
    messages.AlarmMessage,
    messages.AlarmStateMessage,
    messages.ConfigurationMessage,
    MeasureAgainMessage,
    messages.StatusMessage,
)


def find_targets() -> dict[str, Target]:
    """By name. Raises TypeError for a decoder whose arguments nobody gives."""
    targets: dict[str, Target] = {}
    for name, decode in _decoders():
        targets[name] = partial(fuzz_decoder, decode, _arguments(name, decode))
    for kind in MESSAGES:
        targets[f"protocols.telemetry.messages.decode {kind.__name__}"] = partial(fuzz_message, kind)
    for driver, create in serial_meter.SESSION_OF_DRIVER.items():
        targets[f"session {driver}"] = partial(fuzz_session, create)
    targets["session modem"] = fuzz_modem
    for driver, create_gatt in vendor_meter.SESSION_OF_DRIVER.items():
        targets[f"session {driver}"] = partial(fuzz_gatt_session, create_gatt)
    return targets


def _decoders() -> Iterator[tuple[str, Callable[..., object]]]:
    for found in pkgutil.walk_packages(protocols.__path__, "protocols."):
        module = importlib.import_module(found.name)
        for name, decode in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("decode") and decode.__module__ == found.name and decode not in ELSEWHERE:
                yield f"{found.name}.{name}", decode


def _arguments(name: str, decode: Callable[..., object]) -> list[tuple[Callable[[bytes], Any], dict[str, Any]]]:
    """The ways to call it: how the first argument is made of bytes, with each of the values of the others."""
    hints = get_type_hints(decode)
    first, *others = inspect.signature(decode).parameters.values()
    if hints[first.name] not in _MADE_OF:
        raise TypeError(f"{name}: nobody makes a {hints[first.name]} of bytes")
    ways: list[dict[str, Any]] = [{}]
    for other in others:
        kind = hints[other.name]
        if kind is bytes:
            values: tuple[Any, ...] = (bytes(8),) if other.name not in GIVEN else GIVEN[other.name]
        elif isinstance(kind, type) and issubclass(kind, Enum):
            values = tuple(kind)
        elif other.name in GIVEN:
            values = GIVEN[other.name]
        elif other.default is not inspect.Parameter.empty:
            continue
        else:
            raise TypeError(f"{name}: nobody gives {other.name}; add it to GIVEN")
        ways = [{**way, other.name: value} for way in ways for value in values]
    return [(_MADE_OF[hints[first.name]], way) for way in ways]


_MADE_OF: dict[Any, Callable[[bytes], Any]] = {
    bytes: bytes,
    str: lambda data: data.decode("latin-1"),
    int: lambda data: int.from_bytes(data[:2], "little"),
    list[bytes]: lambda data: data.split(b"\n"),
}


def fuzz_decoder(
    decode: Callable[..., object], ways: list[tuple[Callable[[bytes], Any], dict[str, Any]]], data: bytes
) -> None:
    for make, others in ways:
        try:
            decode(make(data), **others)
        except DecodeError as error:
            if not 0 <= error.offset <= max(len(data), 1):
                raise AssertionError(f"offset {error.offset} is outside of {len(data)} bytes: {error}") from error
        except ProtocolError:
            pass


def fuzz_message(kind: type[Any], data: bytes) -> None:
    with suppress(ProtocolError):
        messages.decode(kind, data)


def fuzz_session(create: serial_meter.SessionMaker, data: bytes) -> None:
    """A length, so many bytes from the line, and again; length 0 is a silence."""
    session: Session = create(lambda device_time: device_time <= NEWEST_KNOWN)
    session.begin()
    with suppress(ProtocolError):
        for part in _parts(data):
            session.receive(part) if part else session.timed_out()


def fuzz_modem(data: bytes) -> None:
    """As on a meter's line; a text is under way, and what came is deleted."""
    session = ModemSession("1234", look_s=1.0)
    steps, now_s = session.begin(0.0), 0.0
    steps += session.send(1, [Submit("+8613800000000", UserData("help"))], 0.0)
    with suppress(ModemSilent):
        for part in _parts(data):
            if not part:
                now_s = max(now_s, session.next_due_s)
            steps = session.receive(part, now_s) if part else session.due(now_s)
            for step in steps:
                if isinstance(step, Came) and step.place is not None:
                    session.delete(step.place, now_s)


def fuzz_gatt_session(create: vendor_meter.SessionMaker, data: bytes) -> None:
    """As on a line, each part a value of the first characteristic that the session listens to."""
    session: GattSession = create(Remembered(), lambda: None, bytes(16))
    session.begin()
    with suppress(ProtocolError):
        for part in _parts(data):
            session.receive(session.notifying[0], part) if part else session.timed_out()


def _parts(data: bytes) -> Iterator[bytes]:
    while data:
        length, data = data[0], data[1:]
        yield data[:length]
        data = data[length:]
