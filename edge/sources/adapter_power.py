"""Off and on again: what a person does with a Bluetooth adapter that has gone deaf, over org.bluez.Adapter1.Powered."""

import asyncio
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

from edge.errors import Temporary

OFF_S = 1.0
"""An adapter's firmware needs a moment without power."""
ANSWER_WITHIN_S = 10.0
ATTEMPTS = 3
_ADAPTER = "org.bluez.Adapter1"
_OBJECTS = "org.freedesktop.DBus.ObjectManager"
_PROPERTIES = "org.freedesktop.DBus.Properties"


class NotCycled(Temporary):
    """The adapter could not be switched off and on."""


async def power_cycle(adapter: str) -> None:
    """Switches `adapter` (`hci0`; empty for the first) off and on. All its links end.

    Raises NotCycled with a sentence; it is tried to leave the adapter on even then.
    """
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await bus.connect()
            path = await _path(bus, adapter)
        try:
            await _set_powered(bus, path, on=False)
            await asyncio.sleep(OFF_S)
        finally:
            await _set_powered(bus, path, on=True)
    except (OSError, EOFError, TimeoutError, DBusError) as error:
        reason = str(error) or type(error).__name__
        raise NotCycled(f"the adapter cannot be switched off and on: {reason}", retry_after_s=OFF_S) from error
    finally:
        bus.disconnect()


async def adapters() -> dict[str, bool]:
    """The adapters that bluetoothd has, by name, and whether each is on.

    Raises OSError, EOFError and DBusError where nobody answers.
    """
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        objects = (await _call(bus, Message("org.bluez", "/", _OBJECTS, "GetManagedObjects")))[0]
    finally:
        bus.disconnect()
    found = {
        str(path).rpartition("/")[2]: bool(interfaces[_ADAPTER]["Powered"].value)
        for path, interfaces in objects.items()
        if _ADAPTER in interfaces
    }
    return dict(sorted(found.items()))


async def _path(bus: MessageBus, adapter: str) -> str:
    objects = (await _call(bus, Message("org.bluez", "/", _OBJECTS, "GetManagedObjects")))[0]
    paths = sorted(path for path, interfaces in objects.items() if _ADAPTER in interfaces)
    found = [path for path in paths if adapter in ("", path.rpartition("/")[2])]
    if not found:
        raise DBusError("org.bluez.Error.NoSuchAdapter", f"no adapter {adapter or 'at all'}; is it plugged in?")
    return str(found[0])


async def _set_powered(bus: MessageBus, path: str, *, on: bool) -> None:
    """bluetoothd refuses while it is busy with the last switch: then it is asked again."""
    for attempt in range(ATTEMPTS):
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                switch = [_ADAPTER, "Powered", Variant("b", on)]
                await _call(bus, Message("org.bluez", path, _PROPERTIES, "Set", signature="ssv", body=switch))
                return
        except (DBusError, TimeoutError):
            if attempt + 1 == ATTEMPTS:
                raise
            await asyncio.sleep(OFF_S)


async def _call(bus: MessageBus, message: Message) -> list[Any]:
    reply = await bus.call(message)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(str(reply.error_name), str(reply.body[0]) if reply.body else str(message.member))
    return list(reply.body)
