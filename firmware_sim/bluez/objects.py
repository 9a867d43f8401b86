"""The tree of D-Bus objects that org.bluez offers: methods, properties, and the signals that say what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import quoteattr

import structlog
from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.signature import SignatureTree

from firmware_sim.bluez import errors
from firmware_sim.bluez.errors import BluezError

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"

Handler = Callable[[Message], Awaitable[list[Any]]]
Setter = Callable[[Any], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True)
class Method:
    """A method: its signatures, and the coroutine that returns the body of the reply (or raises BluezError)."""

    handler: Handler
    takes: str = ""
    returns: str = ""


@dataclass
class Interface:
    """One interface of an object. `setters` names the writable properties."""

    name: str
    methods: Mapping[str, Method] = field(default_factory=dict)
    properties: dict[str, Variant] = field(default_factory=dict)
    setters: Mapping[str, Setter] = field(default_factory=dict)


class ObjectTree:
    """Answers calls and emits signals for all objects of one bus name."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._objects: dict[str, dict[str, Interface]] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._object_manager = Interface(
            OBJECT_MANAGER, {"GetManagedObjects": Method(self._get_managed_objects, "", "a{oa{sa{sv}}}")}
        )
        bus.add_message_handler(self._on_message)

    async def close(self) -> None:
        """Stop answering."""
        self._bus.remove_message_handler(self._on_message)
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def add(self, path: str, interfaces: Iterable[Interface]) -> None:
        """Show an object and tell everybody."""
        by_name = {interface.name: interface for interface in interfaces}
        self._objects[path] = by_name
        body = [path, {name: dict(interface.properties) for name, interface in by_name.items()}]
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", body)

    def remove(self, path: str) -> None:
        """Withdraw an object and tell everybody; unknown paths are ignored."""
        interfaces = self._objects.pop(path, None)
        if interfaces is not None:
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, list(interfaces)])

    def change(self, path: str, interface: Interface, changed: Mapping[str, Variant], gone: Iterable[str] = ()) -> None:
        """Give properties new values, take others away, and tell everybody when the object is shown."""
        interface.properties.update(changed)
        invalidated = [name for name in gone if interface.properties.pop(name, None) is not None]
        if path in self._objects and (changed or invalidated):
            body = [interface.name, dict(changed), invalidated]
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        if self._bus.connected:
            self._bus.send(Message.new_signal(path, interface, member, signature, body))

    def _on_message(self, message: Message) -> bool:
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        call = asyncio.get_running_loop().create_task(self._answer(message))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return True

    async def _answer(self, message: Message) -> None:
        try:
            method = self._find(message)
            body = await method.handler(message)
            reply = Message.new_method_return(message, method.returns, body)
        except BluezError as error:
            reply = Message.new_error(message, error.name, error.text)
        except Exception as error:
            log.exception("bluez.fault", path=message.path, member=message.member)
            reply = Message.new_error(message, errors.FAILED, f"fault of the model: {type(error).__name__}")
        if self._bus.connected and not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            await self._bus.send(reply)

    def _find(self, message: Message) -> Method:
        """Return the method a call names. Raises BluezError with the freedesktop name of what is missing."""
        path, name, member = message.path or "", message.interface or "", message.member or ""
        standard = {
            (PROPERTIES, "Get"): Method(self._get, "ss", "v"),
            (PROPERTIES, "GetAll"): Method(self._get_all, "s", "a{sv}"),
            (PROPERTIES, "Set"): Method(self._set, "ssv"),
            (INTROSPECTABLE, "Introspect"): Method(self._introspect, "", "s"),
        }
        method: Method | None
        if path == "/" and name == OBJECT_MANAGER:
            method = self._object_manager.methods.get(member)
        elif name == INTROSPECTABLE:
            method = standard.get((name, member))
        elif path not in self._objects:
            raise BluezError(errors.UNKNOWN_OBJECT, f'Method "{member}" on object "{path}": no such object')
        elif name == PROPERTIES:
            method = standard.get((name, member))
        else:
            interface = self._objects[path].get(name)
            method = None if interface is None else interface.methods.get(member)
        if method is None or method.takes != message.signature:
            text = f'Method "{member}" with signature "{message.signature}" on interface "{name}" doesn\'t exist'
            raise BluezError(errors.UNKNOWN_METHOD, text)
        return method

    def _interface(self, path: str | None, name: str) -> Interface:
        interface = self._objects.get(path or "", {}).get(name)
        if interface is None:
            raise BluezError(errors.UNKNOWN_INTERFACE, f"No such interface '{name}'")
        return interface

    async def _get_managed_objects(self, _message: Message) -> list[Any]:
        return [
            {
                path: {name: dict(interface.properties) for name, interface in interfaces.items()}
                for path, interfaces in self._objects.items()
            }
        ]

    async def _get(self, message: Message) -> list[Any]:
        name, property_name = message.body
        value = self._interface(message.path, name).properties.get(property_name)
        if value is None:
            raise BluezError(errors.UNKNOWN_PROPERTY, f"No such property '{property_name}'")
        return [value]

    async def _get_all(self, message: Message) -> list[Any]:
        return [dict(self._interface(message.path, message.body[0]).properties)]

    async def _set(self, message: Message) -> list[Any]:
        name, property_name, value = message.body
        interface = self._interface(message.path, name)
        present = interface.properties.get(property_name)
        if present is None:
            raise BluezError(errors.UNKNOWN_PROPERTY, f"No such property '{property_name}'")
        setter = interface.setters.get(property_name)
        if setter is None:
            raise BluezError(errors.PROPERTY_READ_ONLY, f"Property '{property_name}' is not writable")
        if value.signature != present.signature:
            raise BluezError(errors.INVALID_ARGS, f"Property '{property_name}' has signature {present.signature}")
        await setter(value.value)
        return []

    async def _introspect(self, message: Message) -> list[Any]:
        return [introspection_xml(message.path or "/", self._objects, self._object_manager)]


def introspection_xml(path: str, objects: Mapping[str, Mapping[str, Interface]], root: Interface) -> str:
    """Describe an object and its children (D-Bus specification, Introspection Data Format)."""
    interfaces = list(objects.get(path, {}).values()) + ([root] if path == "/" else [])
    prefix = path.rstrip("/") + "/"
    children = sorted({other[len(prefix) :].split("/")[0] for other in objects if other.startswith(prefix)})
    lines = ["<node>"]
    for interface in interfaces:
        lines.append(f"<interface name={quoteattr(interface.name)}>")
        for name, method in interface.methods.items():
            lines.append(f"<method name={quoteattr(name)}>")
            lines += [f'<arg type={quoteattr(s)} direction="in"/>' for s in _split(method.takes)]
            lines += [f'<arg type={quoteattr(s)} direction="out"/>' for s in _split(method.returns)]
            lines.append("</method>")
        for name, value in interface.properties.items():
            access = "readwrite" if name in interface.setters else "read"
            lines.append(f'<property name={quoteattr(name)} type={quoteattr(value.signature)} access="{access}"/>')
        lines.append("</interface>")
    lines += [f"<node name={quoteattr(child)}/>" for child in children if child]
    return "\n".join([*lines, "</node>"])


def _split(signature: str) -> list[str]:
    """Split a signature into its single complete types."""
    return [type_.signature for type_ in SignatureTree(signature).types]
