"""The central's Bluetooth stack: a bumble host on the dongle, new after every power cycle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from bumble import core, hci
from bumble.device import Advertisement, Connection, Device, DeviceConfiguration
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport
from bumble.transport.common import Transport

from firmware_sim.bluez.bonds import Bonds
from firmware_sim.bluez.errors import NOT_READY as ERROR_NOT_READY
from firmware_sim.bluez.errors import BluezError, BluezStartError

OPEN_TIMEOUT_S = 10.0
LINK_ATTEMPT_S = 4.0  # the kernel's limit for one attempt to a device that was just heard
GIVE_UP_S = LINK_ATTEMPT_S + 2.0  # a power cycle may take bumble's answer away

log = structlog.get_logger()


class Central:
    """Scans and connects. `power_on` before use; `lost` is done when the dongle has gone."""

    def __init__(self, transport: Transport, keystore: Path) -> None:
        self._transport = transport
        self._keystore = keystore
        self._device: Device | None = None
        self._attempts = asyncio.Lock()
        self._radio_changes = asyncio.Lock()
        self._pairings: dict[Connection, PairingConfig] = {}
        self.lost: asyncio.Future[None] = transport.source.terminated

    @classmethod
    async def open(cls, hci_name: str, keystore: Path) -> Central:
        """Open the dongle, `tcp-client:HOST:PORT`. Raises BluezStartError when nobody answers there."""
        try:
            transport = await asyncio.wait_for(open_transport(hci_name), OPEN_TIMEOUT_S)
        except (OSError, TimeoutError, ValueError, core.BaseBumbleError) as error:
            raise BluezStartError(
                f"no Bluetooth controller at {hci_name} ({error}); expected tcp-client:HOST:PORT"
            ) from error
        return cls(transport, keystore)

    @property
    def is_powered(self) -> bool:
        """Whether the stack runs."""
        return self._device is not None

    @property
    def device(self) -> Device:
        """The running stack. Raises BluezError NotReady when the adapter is off."""
        if self._device is None:
            raise BluezError(ERROR_NOT_READY, "Resource Not Ready")
        return self._device

    @property
    def bonds(self) -> Bonds:
        """The bonds of this adapter."""
        keystore = self.device.keystore
        if not isinstance(keystore, Bonds):
            raise TypeError("the central keeps its bonds in a Bonds file")
        return keystore

    async def power_on(self, on_advertisement: Callable[[Advertisement], None]) -> hci.Address:
        """Reset the controller, start a new stack and return the adapter's public address."""
        device = Device(
            config=DeviceConfiguration(name="doorstep"), host=Host(self._transport.source, self._transport.sink)
        )
        address = (await _read_address(device)) if device.public_address == hci.Address.ANY else device.public_address
        device.keystore = Bonds(self._keystore, address)
        device.pairing_config_factory = self._pairing_config
        await device.power_on()
        device.on(Device.EVENT_ADVERTISEMENT, on_advertisement)
        self._device = device
        return device.public_address

    async def power_off(self) -> None:
        """Reset the controller, which drops every link, and end the stack."""
        device, self._device = self._device, None
        if device is None:
            return
        if not self.lost.done():
            await device.host.send_sync_command(hci.HCI_Reset_Command())
        await device.host.flush()
        device.powered_on = False

    async def scan(self, wanted: bool) -> None:
        """Start or stop scanning; nothing happens when it is so already."""
        async with self._radio_changes:
            device = self._device
            if device is None or self.lost.done() or device.is_scanning == wanted:
                return
            if wanted:
                await device.start_scanning(own_address_type=hci.OwnAddressType.PUBLIC)
            else:
                await device.stop_scanning()

    async def connect(self, address: hci.Address, on_connection: Callable[[Connection], None]) -> Connection | None:
        """Connect to a device that was just heard; None when it did not answer. One attempt at a time.

        `on_connection` is called before anything else can happen on the link.
        """
        async with self._attempts:
            device = self.device
            device.on(Device.EVENT_CONNECTION, on_connection)
            try:
                async with asyncio.timeout(GIVE_UP_S):
                    return await device.connect(
                        address, own_address_type=hci.OwnAddressType.PUBLIC, timeout=LINK_ATTEMPT_S
                    )
            except (core.BaseBumbleError, TimeoutError) as error:
                log.debug("bluez.no_link", address=str(address), error=str(error))
                return None
            finally:
                device.remove_listener(Device.EVENT_CONNECTION, on_connection)

    @contextmanager
    def pairing_with(self, connection: Connection, config: PairingConfig) -> Iterator[None]:
        """Pair with this configuration for as long as the context lasts; outside of it pairing is refused."""
        self._pairings[connection] = config
        try:
            yield
        finally:
            del self._pairings[connection]

    def _pairing_config(self, connection: Connection) -> PairingConfig:
        return self._pairings.get(connection) or PairingConfig(delegate=_Refusal())

    async def close(self) -> None:
        """Reset and let the dongle go."""
        await self.power_off()
        await self._transport.close()


class _Refusal(PairingDelegate):
    """Answers a device that starts pairing by itself, which only a central may do."""

    async def accept(self) -> bool:
        return False


async def _read_address(device: Device) -> hci.Address:
    """Return the controller's public address; the bonds are filed under it."""
    await device.host.reset()
    response = await device.host.send_sync_command(hci.HCI_Read_BD_ADDR_Command())
    return response.bd_addr
