"""The services of a connected device as D-Bus objects: GattService1, GattCharacteristic1, GattDescriptor1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Protocol, TypeVar

from bumble import att
from bumble.device import Peer
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR
from bumble.gatt_client import CharacteristicProxy, DescriptorProxy, ServiceProxy
from dbus_fast import Variant

from firmware_sim.bluez.advertised import uuid_from_le
from firmware_sim.bluez.gatt_values import RemoteCharacteristic, RemoteDescriptor
from firmware_sim.bluez.objects import Interface, ObjectTree

SERVICE = "org.bluez.GattService1"

_T = TypeVar("_T")


class SecureLink(Protocol):
    """What the GATT objects need of their device."""

    @property
    def path(self) -> str:
        """The device's object path."""

    async def secured(self, operation: Callable[[], Awaitable[_T]]) -> _T:
        """Run an ATT operation; raise security and try again when the device asks for it."""


class RemoteServices:
    """All GATT objects of one connection."""

    def __init__(self, tree: ObjectTree, link: SecureLink, peer: Peer) -> None:
        self._tree = tree
        self._link = link
        self._peer = peer
        self._paths: list[str] = []
        self._characteristics: list[RemoteCharacteristic] = []

    @property
    def uuids(self) -> list[str]:
        """128-bit UUIDs of the primary services."""
        return [uuid_from_le(bytes(service.uuid)) for service in self._peer.services]

    def show(self) -> None:
        """Export what was discovered. CCCDs stay hidden, as bluetoothd writes them itself."""
        for service in sorted(self._peer.services, key=lambda service: service.handle):
            service_path = f"{self._link.path}/service{service.handle:04x}"
            self._add(service_path, _service(service, self._link.path))
            for proxy in service.characteristics:
                # The path carries the handle of the declaration, which stands just before the value.
                path = f"{service_path}/char{proxy.handle - 1:04x}"
                characteristic = RemoteCharacteristic(
                    self._tree, self._link, proxy, path, service_path=service_path, mtu=self._mtu
                )
                self._characteristics.append(characteristic)
                self._add(path, characteristic.interface)
                for descriptor in _visible(proxy):
                    descriptor_path = f"{path}/desc{descriptor.handle:04x}"
                    remote = RemoteDescriptor(self._tree, self._link, descriptor, descriptor_path, path)
                    self._add(descriptor_path, remote.interface)

    @property
    def _mtu(self) -> int:
        return self._peer.gatt_client.mtu

    def _add(self, path: str, interface: Interface) -> None:
        self._tree.add(path, [interface])
        self._paths.append(path)

    def withdraw(self) -> None:
        """Remove all objects, innermost first."""
        for path in reversed(self._paths):
            self._tree.remove(path)
        self._paths.clear()
        self._characteristics.clear()

    async def drop_client(self, owner: str) -> None:
        """End the subscriptions of a client that has left the bus."""
        for characteristic in list(self._characteristics):
            await characteristic.drop_client(owner)


async def discover(peer: Peer, mtu: int) -> None:
    """Exchange the MTU and discover services, characteristics and descriptors. Raises what the link raises."""
    with suppress(att.ATT_Error):  # an old device keeps the default of 23
        await peer.request_mtu(mtu)
    await peer.discover_all()


def _service(service: ServiceProxy, device_path: str) -> Interface:
    return Interface(
        SERVICE,
        properties={
            "UUID": Variant("s", uuid_from_le(bytes(service.uuid))),
            "Device": Variant("o", device_path),
            "Primary": Variant("b", True),
            "Includes": Variant("ao", []),
        },
    )


def _visible(characteristic: CharacteristicProxy[bytes]) -> Iterator[DescriptorProxy]:
    for descriptor in characteristic.descriptors:
        if descriptor.type != GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR:
            yield descriptor
