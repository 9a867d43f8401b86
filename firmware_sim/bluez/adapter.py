"""org.bluez.Adapter1: power, discovery, and the devices that were heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from bumble import hci
from bumble.device import Advertisement
from dbus_fast import Message, Variant

from firmware_sim.bluez import errors
from firmware_sim.bluez.advertised import read_advertised
from firmware_sim.bluez.agents import Agents
from firmware_sim.bluez.central import Central
from firmware_sim.bluez.device import RemoteDevice
from firmware_sim.bluez.discovery import Discovery, DiscoveryFilter
from firmware_sim.bluez.errors import BluezError
from firmware_sim.bluez.link import LinkAttempt
from firmware_sim.bluez.objects import Interface, Method, ObjectTree

ADAPTER_PATH = "/org/bluez/hci0"
ADAPTER = "org.bluez.Adapter1"
TEMPORARY_TIMEOUT_S = 30.0

log = structlog.get_logger()


class Adapter:
    """The one adapter. Devices that are neither bonded nor ever connected go after `temporary_timeout_s` of silence."""

    def __init__(
        self, tree: ObjectTree, central: Central, agents: Agents, temporary_timeout_s: float = TEMPORARY_TIMEOUT_S
    ) -> None:
        self._tree = tree
        self._central = central
        self._agents = agents
        self._temporary_timeout_s = temporary_timeout_s
        self._devices: dict[hci.Address, RemoteDevice] = {}
        self._attempts: set[LinkAttempt] = set()
        self._discovery = Discovery()
        self._power_changes = asyncio.Lock()
        self._forgetting: asyncio.Task[None] | None = None
        self._interface = Interface(
            ADAPTER,
            {
                "StartDiscovery": Method(self._start_discovery),
                "StopDiscovery": Method(self._stop_discovery),
                "SetDiscoveryFilter": Method(self._set_discovery_filter, "a{sv}"),
                "GetDiscoveryFilters": Method(self._get_discovery_filters, "", "as"),
                "RemoveDevice": Method(self._remove_device, "o"),
            },
            setters={"Powered": self._set_powered, "Alias": self._set_alias},
        )

    async def start(self) -> None:
        """Power on, show the adapter and the bonded devices."""
        address = await self._central.power_on(self._on_advertisement)
        self._interface.properties.update(
            {
                "Address": Variant("s", address.to_string(False)),
                "AddressType": Variant("s", "public"),
                "Name": Variant("s", "doorstep"),
                "Alias": Variant("s", "doorstep"),
                "Class": Variant("u", 0),
                "Powered": Variant("b", True),
                "Discoverable": Variant("b", False),
                "DiscoverableTimeout": Variant("u", 180),
                "Pairable": Variant("b", True),
                "PairableTimeout": Variant("u", 0),
                "Discovering": Variant("b", False),
                "UUIDs": Variant("as", []),
                "Modalias": Variant("s", "usb:v1D6Bp0246d0542"),
                "Roles": Variant("as", ["central"]),
            }
        )
        self._tree.add(ADAPTER_PATH, [self._interface])
        for device_address, _keys, name in await self._central.bonds.stored():
            device = self._create_device(device_address)
            device.restore_bond(name)
            device.show()
        self._forgetting = asyncio.get_running_loop().create_task(self._forget_the_silent())

    async def close(self) -> None:
        """Power off and withdraw everything."""
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.gather(self._forgetting, return_exceptions=True)
        await self._power_off()
        for device in list(self._devices.values()):
            await device.withdraw()
        self._devices.clear()
        self._tree.remove(ADAPTER_PATH)

    async def drop_client(self, owner: str) -> None:
        """End what belongs to a client that has left the bus: its discovery, its subscriptions. Links stay."""
        self._discovery.drop_client(owner)
        await self._update_scan()
        for device in list(self._devices.values()):
            await device.drop_client(owner)

    def _change(self, **changed: Variant) -> None:
        different = {name: value for name, value in changed.items() if self._interface.properties.get(name) != value}
        self._tree.change(ADAPTER_PATH, self._interface, different)

    def _create_device(self, address: hci.Address) -> RemoteDevice:
        device = RemoteDevice(
            self._tree,
            self._central,
            self._agents,
            adapter_path=ADAPTER_PATH,
            address=address,
            listening=self._listening,
        )
        self._devices[address] = device
        return device

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        device = self._devices.get(advertisement.address)
        if self._discovery.sessions:
            advertised = read_advertised(advertisement.data.ad_structures)
            address = advertisement.address.to_string(False)
            if self._discovery.wants(advertised, address, advertisement.rssi):
                if device is None:
                    device = self._create_device(advertisement.address)
                    device.hear(advertised, advertisement.rssi, duplicates=self._discovery.duplicates)
                    device.show()
                else:
                    device.hear(advertised, advertisement.rssi, duplicates=self._discovery.duplicates)
        if device is not None and device.attempt is not None and advertisement.is_connectable:
            device.attempt.on_heard()

    @asynccontextmanager
    async def _listening(self, attempt: LinkAttempt) -> AsyncIterator[None]:
        """Scan while an attempt to connect waits to hear its device."""
        if not self._central.is_powered:
            raise BluezError(errors.NOT_READY, "Resource Not Ready")
        self._attempts.add(attempt)
        try:
            await self._update_scan()
            yield
        finally:
            self._attempts.discard(attempt)
            await self._update_scan()

    async def _update_scan(self) -> None:
        """Scan when somebody discovers or connects, and say so when somebody discovers."""
        await self._central.scan(bool(self._discovery.sessions or self._attempts))
        discovering = bool(self._discovery.sessions)
        if not discovering and self._interface.properties["Discovering"].value:
            for device in self._devices.values():
                device.stop_hearing()
        self._change(Discovering=Variant("b", discovering))

    def _check_power(self) -> None:
        if not self._central.is_powered:
            raise BluezError(errors.NOT_READY, "Resource Not Ready")

    async def _start_discovery(self, message: Message) -> list[Any]:
        self._check_power()
        self._discovery.start(message.sender or "")
        await self._update_scan()
        return []

    async def _stop_discovery(self, message: Message) -> list[Any]:
        self._check_power()
        self._discovery.stop(message.sender or "")
        await self._update_scan()
        return []

    async def _set_discovery_filter(self, message: Message) -> list[Any]:
        self._check_power()
        options = message.body[0]
        if options:
            self._discovery.filters[message.sender or ""] = DiscoveryFilter.read(options)
        else:
            self._discovery.filters.pop(message.sender or "", None)
        return []

    async def _get_discovery_filters(self, _message: Message) -> list[Any]:
        return [["UUIDs", "RSSI", "Transport", "DuplicateData", "Pattern"]]

    async def _remove_device(self, message: Message) -> list[Any]:
        path = message.body[0]
        device = next((device for device in self._devices.values() if device.path == path), None)
        if device is None:
            raise BluezError(errors.DOES_NOT_EXIST, "Does Not Exist")
        self._check_power()
        del self._devices[device.address]
        await device.forget()
        return []

    async def _set_powered(self, value: bool) -> None:
        async with self._power_changes:
            if value and not self._central.is_powered:
                await self._central.power_on(self._on_advertisement)
                self._change(Powered=Variant("b", True))
            elif not value and self._central.is_powered:
                await self._power_off()

    async def _power_off(self) -> None:
        for attempt in list(self._attempts):
            attempt.cancel("le-connection-adapter-not-powered")
        self._discovery.sessions.clear()
        await self._update_scan()
        await self._central.power_off()
        self._change(Powered=Variant("b", False))

    async def _set_alias(self, value: str) -> None:
        self._change(Alias=Variant("s", value or "doorstep"))

    async def _forget_the_silent(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._temporary_timeout_s / 6)
            limit = loop.time() - self._temporary_timeout_s
            for device in list(self._devices.values()):
                if device.is_temporary and not device.is_connected and device.heard_at < limit:
                    del self._devices[device.address]
                    await device.withdraw()
