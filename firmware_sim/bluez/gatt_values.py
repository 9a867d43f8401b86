"""Reading, writing and subscribing: GattCharacteristic1 and GattDescriptor1.

As in bluetoothd: a read also updates Value, so a subscriber sees it too; an indication is confirmed as soon as it has
been signalled, whether or not a client did anything with it; subscriptions belong to a client and end with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from bumble import att, core
from bumble.gatt import Characteristic
from bumble.gatt_client import CharacteristicProxy, DescriptorProxy
from dbus_fast import Message, Variant

from firmware_sim.bluez import errors
from firmware_sim.bluez.advertised import uuid_from_le
from firmware_sim.bluez.errors import BluezError, LinkLostError, from_att_error
from firmware_sim.bluez.objects import Interface, Method, ObjectTree

if TYPE_CHECKING:
    from firmware_sim.bluez.gatt import SecureLink

CHARACTERISTIC = "org.bluez.GattCharacteristic1"
DESCRIPTOR = "org.bluez.GattDescriptor1"
VALUE_MAX_BYTES = 512

_Properties = Characteristic.Properties
_FLAGS = {
    _Properties.BROADCAST: "broadcast",
    _Properties.READ: "read",
    _Properties.WRITE_WITHOUT_RESPONSE: "write-without-response",
    _Properties.WRITE: "write",
    _Properties.NOTIFY: "notify",
    _Properties.INDICATE: "indicate",
    _Properties.AUTHENTICATED_SIGNED_WRITES: "authenticated-signed-writes",
    _Properties.EXTENDED_PROPERTIES: "extended-properties",
}


class _RemoteValue:
    """One attribute with a value on the device."""

    def __init__(self, tree: ObjectTree, link: SecureLink, path: str, interface: Interface) -> None:
        self._tree = tree
        self._link = link
        self._path = path
        self._busy: set[str] = set()
        self.interface = interface

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """Allow one operation of a kind at a time; a second one is told InProgress."""
        if what in self._busy:
            raise BluezError(errors.IN_PROGRESS, "In Progress")
        self._busy.add(what)
        try:
            yield
        finally:
            self._busy.discard(what)

    async def _ask(self, operation: Callable[[], Awaitable[Any]]) -> Any:
        """Run an ATT operation with the security it needs and turn its failures into replies."""
        try:
            return await self._link.secured(operation)
        except att.ATT_Error as error:
            raise from_att_error(error.error_code) from error
        except (LinkLostError, core.BaseBumbleError, TimeoutError) as error:
            raise BluezError(errors.FAILED, "Operation failed with ATT error: 0x0e") from error

    def _signal_value(self, value: bytes) -> None:
        self._tree.change(self._path, self.interface, {"Value": Variant("ay", value)})

    async def _read(self, message: Message, read: Callable[[], Awaitable[bytes]]) -> list[Any]:
        offset = _offset(message.body[0])
        with self._alone("read"):
            value = bytes(await self._ask(read))
        if offset > len(value):
            raise BluezError(errors.INVALID_ARGUMENTS, "Invalid offset")
        self._signal_value(value)
        return [value[offset:]]


class RemoteCharacteristic(_RemoteValue):
    """org.bluez.GattCharacteristic1."""

    def __init__(
        self,
        tree: ObjectTree,
        link: SecureLink,
        proxy: CharacteristicProxy[bytes],
        path: str,
        *,
        service_path: str,
        mtu: int,
    ) -> None:
        self._proxy = proxy
        self._subscribers: set[str] = set()
        interface = Interface(
            CHARACTERISTIC,
            {
                "ReadValue": Method(self._read_value, "a{sv}", "ay"),
                "WriteValue": Method(self._write_value, "aya{sv}"),
                "StartNotify": Method(self._start_notify),
                "StopNotify": Method(self._stop_notify),
                "AcquireNotify": Method(_not_supported, "a{sv}", "hq"),
                "AcquireWrite": Method(_not_supported, "a{sv}", "hq"),
            },
            {
                "UUID": Variant("s", uuid_from_le(bytes(proxy.uuid))),
                "Service": Variant("o", service_path),
                "Value": Variant("ay", b""),
                "Notifying": Variant("b", False),
                "Flags": Variant("as", [name for flag, name in _FLAGS.items() if proxy.properties & flag]),
                "MTU": Variant("q", mtu),
            },
        )
        super().__init__(tree, link, path, interface)

    async def drop_client(self, owner: str) -> None:
        """End the subscription of a client that has left the bus."""
        if owner in self._subscribers:
            with suppress(BluezError):  # the link may be gone as well
                await self._unsubscribe(owner)

    async def _read_value(self, message: Message) -> list[Any]:
        return await self._read(message, self._proxy.read_value)

    async def _write_value(self, message: Message) -> list[Any]:
        value, options = bytes(message.body[0]), message.body[1]
        kind = options["type"].value if "type" in options else None
        if _offset(options):
            raise BluezError(errors.NOT_SUPPORTED, "Operation is not supported")
        if len(value) > VALUE_MAX_BYTES:
            raise BluezError(errors.INVALID_ARGUMENTS, "Invalid Length")
        properties = self._proxy.properties
        if kind is None:
            kind = "request" if properties & _Properties.WRITE else "command"
        needed = {"request": _Properties.WRITE, "command": _Properties.WRITE_WITHOUT_RESPONSE}.get(kind)
        if needed is None or not properties & needed:
            raise BluezError(errors.NOT_SUPPORTED, "Operation is not supported")
        with self._alone("write"):
            await self._ask(lambda: self._proxy.write_value(value, with_response=kind == "request"))
        return []

    async def _start_notify(self, message: Message) -> list[Any]:
        if not self._proxy.properties & (_Properties.NOTIFY | _Properties.INDICATE):
            raise BluezError(errors.NOT_SUPPORTED, "Operation is not supported")
        owner = message.sender or ""
        if owner in self._subscribers:
            raise BluezError(errors.IN_PROGRESS, "Already notifying")
        with self._alone("notify"):
            is_first = not self._subscribers
            self._subscribers.add(owner)  # before we wait: the client may leave meanwhile
            if is_first:
                try:
                    await self._ask(lambda: self._proxy.subscribe(self._signal_value))
                except BluezError:
                    self._subscribers.discard(owner)
                    raise
        if owner in self._subscribers:
            self._tree.change(self._path, self.interface, {"Notifying": Variant("b", True)})
        return []

    async def _stop_notify(self, message: Message) -> list[Any]:
        owner = message.sender or ""
        if owner not in self._subscribers:
            raise BluezError(errors.FAILED, "No notify session started")
        await self._unsubscribe(owner)
        return []

    async def _unsubscribe(self, owner: str) -> None:
        self._subscribers.discard(owner)
        if not self._subscribers:
            self._tree.change(self._path, self.interface, {"Notifying": Variant("b", False)})
            await self._ask(lambda: self._proxy.unsubscribe(self._signal_value, force=True))


class RemoteDescriptor(_RemoteValue):
    """org.bluez.GattDescriptor1."""

    def __init__(
        self, tree: ObjectTree, link: SecureLink, proxy: DescriptorProxy, path: str, characteristic_path: str
    ) -> None:
        self._proxy = proxy
        interface = Interface(
            DESCRIPTOR,
            {
                "ReadValue": Method(self._read_value, "a{sv}", "ay"),
                "WriteValue": Method(self._write_value, "aya{sv}"),
            },
            {
                "UUID": Variant("s", uuid_from_le(bytes(proxy.type))),
                "Characteristic": Variant("o", characteristic_path),
                "Value": Variant("ay", b""),
            },
        )
        super().__init__(tree, link, path, interface)

    async def _read_value(self, message: Message) -> list[Any]:
        return await self._read(message, self._proxy.read_value)

    async def _write_value(self, message: Message) -> list[Any]:
        value = bytes(message.body[0])
        with self._alone("write"):
            await self._ask(lambda: self._proxy.write_value(value, with_response=True))
        return []


async def _not_supported(_message: Message) -> list[Any]:
    raise BluezError(errors.NOT_SUPPORTED, "Operation is not supported")


def _offset(options: dict[str, Variant]) -> int:
    offset = options["offset"].value if "offset" in options else 0
    if not isinstance(offset, int):
        raise BluezError(errors.INVALID_ARGUMENTS, "Invalid arguments in method call")
    return offset
