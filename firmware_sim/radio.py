"""One home's Bluetooth: peripherals and the gateway's dongle within reach of each other.

Every device is a whole bumble stack (HCI, L2CAP, ATT, SMP) on its own controller. `Radio.place` moves a device nearer,
farther or out of range. Not modelled: time on air, lost packets, extended advertising, changing private addresses.
"""

from __future__ import annotations

from bumble import hci
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.keys import KeyStore
from bumble.transport.common import TransportSink

from firmware_sim.gatt_server import install_strict_gatt_server
from firmware_sim.radio_controller import Deafness, RadioController
from firmware_sim.radio_dongle import Dongle
from firmware_sim.radio_link import RadioLink

DONGLE_ADDRESS = "B8:27:EB:D0:0E:01"


class _DirectSink(TransportSink):
    """Hands the host's packets to its controller within the process."""

    def __init__(self, controller: RadioController) -> None:
        self._controller = controller

    def on_packet(self, packet: bytes) -> None:
        self._controller.on_packet(packet)


class Radio:
    """Everything that hears each other in one home."""

    def __init__(self) -> None:
        self._link = RadioLink()
        self._devices: dict[hci.Address, Device] = {}
        self._dongles: list[Dongle] = []

    async def peripheral(self, address: str, name: str, *, keystore: KeyStore | None = None) -> Device:
        """Return a powered-on device with its own controller on the radio.

        `address` ("C0:FF:EE:00:01:01") is a static random address: its two top bits are set. Services added to the
        device's GATT server have their permissions enforced (see gatt_server.py). Bonds live in memory unless a
        `keystore` is given. Raises ValueError for an address that is not static random, or is taken.
        """
        static_address = hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS)
        if not static_address.is_static:
            raise ValueError(f"{address} is not a static random address: its first byte must be C0 or above")
        if static_address in self._devices:
            raise ValueError(f"{address} is already on the radio")
        controller = RadioController(name, self._link)
        device = Device(
            config=DeviceConfiguration(
                name=name, address=static_address, gap_service_enabled=False, gatt_service_enabled=False
            ),
            host=Host(controller, _DirectSink(controller)),
        )
        install_strict_gatt_server(device)
        device.keystore = keystore
        self._devices[static_address] = device
        await device.power_on()
        return device

    async def serve_hci(self, address: str = DONGLE_ADDRESS, *, host: str = "127.0.0.1", port: int = 0) -> str:
        """Offer one controller with this public address as a dongle and return its name, `tcp-client:HOST:PORT`.

        Port 0 takes a free one. Raises OSError where the port cannot be opened.
        """
        public_address = hci.Address(address, hci.Address.PUBLIC_DEVICE_ADDRESS)
        dongle = Dongle(RadioController(f"dongle-{len(self._dongles)}", self._link, public_address))
        self._dongles.append(dongle)
        return await dongle.listen(host, port)

    def place(self, address: str, rssi_dbm: int | None) -> None:
        """Let a device be heard at `rssi_dbm` (typically -30 to -100), or carry it out of range (None).

        A device that leaves the range loses its connections at once; both ends see a connection timeout.
        """
        self._link.place(hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS), rssi_dbm)

    def deafen(self, deafness: Deafness | None) -> None:
        """Makes every dongle deaf from now on; None is the power cut, after which all hear again."""
        for dongle in self._dongles:
            dongle.controller.deafness = deafness

    async def close(self) -> None:
        """Silence everything."""
        for dongle in self._dongles:
            await dongle.close()
        for device in self._devices.values():
            await device.host.flush()
            device.powered_on = False
        for controller in self._link.controllers:
            if isinstance(controller, RadioController):
                controller.forget()
        self._dongles.clear()
        self._devices.clear()
