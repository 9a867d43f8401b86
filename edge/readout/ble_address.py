"""A Bluetooth meter read once: the named model, or what its advertisement says it is.

Reading pairs the meter with this machine where it asks for that. Some pressure meters forget what they have told.
"""

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from msgspec.structs import replace

from edge.catalogue import DRIVERS_WITH_A_KEY, Catalogue
from edge.clock import Clock
from edge.config import Bluetooth, Device
from edge.errors import EdgeError
from edge.readout.once import Tell, create_device, sessions_of
from edge.readout.read_meter import NotRead, ReadMeter
from edge.readout.scan import heard_of, no_bluetooth
from edge.reasons import reason_of
from edge.sources.ble_link import PROFILE_OF_DRIVER, BleLink
from edge.sources.ble_scanner import RADIO_ERRORS
from edge.sources.bluez_agent import AgentKeeper
from edge.sources.recognition import recognise
from protocols.errors import ProtocolError

AGENT_WITHIN_S = 5.0
SESSION_S = 300.0


@dataclass(frozen=True)
class BleReader:
    address: str
    """AA:BB:CC:DD:EE:FF."""
    catalogue: Catalogue
    zone: ZoneInfo
    clock: Clock
    tell: Tell
    passkey: int | None = None
    key: bytes | None = None
    adapter: str = ""
    hear_s: float = 60.0
    """The meter has to be heard within this time; it may have to be switched on first."""

    async def read(self, name: str | None) -> ReadMeter:
        """The whole memory of the meter; `name` is its model, None the one that it advertises. Raises NotRead."""
        if name is not None:
            self._need_readable(name)
        ble_device, advertisement = await self._find()
        if name is None:
            name = self._recognised(advertisement)
            self._need_readable(name)
        model = self.catalogue[name]
        device = replace(
            create_device(f"ble:{self.address}", model, address=self.address), passkey=self.passkey, bind_key=self.key
        )
        keeper = AgentKeeper({self.address: device})
        agent = asyncio.create_task(keeper.run())
        try:
            async with asyncio.timeout(AGENT_WITHIN_S):
                await keeper.registered.wait()
            async with asyncio.timeout(SESSION_S):
                return await self._session(ble_device, device, name)
        except TimeoutError as error:
            raise NotRead(f"{self.address}: it took too long; switch the meter on again", retry_after_s=5.0) from error
        except (*RADIO_ERRORS, ProtocolError, EdgeError) as error:
            raise NotRead(f"{self.address}: {reason_of(error)}", retry_after_s=5.0) from error
        finally:
            agent.cancel()
            await asyncio.gather(agent, return_exceptions=True)

    def _need_readable(self, name: str) -> None:
        driver = self.catalogue[name].driver
        if driver not in PROFILE_OF_DRIVER:
            raise NotRead(
                f"{self.address}: {name} is heard and holds nothing to read; a gateway that has it in its edge.toml "
                "sends what it says",
                retry_after_s=0.0,
            )
        if driver in DRIVERS_WITH_A_KEY and self.key is None:
            raise NotRead(
                f"{self.address}: {name} is unlocked by a key: give --key-file, 32 hexadecimal digits of your own, "
                "and let -P- blink the first time",
                retry_after_s=0.0,
            )

    async def _find(self) -> tuple[BLEDevice, AdvertisementData]:
        heard: list[tuple[BLEDevice, AdvertisementData]] = []

        def is_it(device: BLEDevice, advertisement: AdvertisementData) -> bool:
            found = device.address.upper() == self.address
            if found:
                heard.append((device, advertisement))
            return found

        try:
            await BleakScanner.find_device_by_filter(
                is_it, timeout=self.hear_s, bluez={"adapter": self.adapter} if self.adapter else {}
            )
        except RADIO_ERRORS as error:
            raise no_bluetooth(error) from error
        if not heard:
            raise NotRead(
                f"{self.address} was not heard within {self.hear_s:.0f} s; is it switched on and near?",
                retry_after_s=5.0,
            )
        return heard[-1]

    def _recognised(self, advertisement: AdvertisementData) -> str:
        guess = recognise(heard_of(advertisement))
        known = [] if guess is None else [name for name in guess.models if name in self.catalogue]
        if len(known) == 1:
            return known[0]
        called = advertisement.local_name or "without a name"
        choice = ", ".join(known) or "its advertisement is that of no meter in the catalogue"
        raise NotRead(f"{self.address} ({called}) has to be named with --driver: {choice}", retry_after_s=0.0)

    async def _session(self, ble_device: BLEDevice, device: Device, name: str) -> ReadMeter:
        with sessions_of(device, self.zone, self.clock, self.tell) as sessions:
            settings = Bluetooth(adapter=self.adapter)
            link = await BleLink.open(ble_device, device, settings)
            session = await link.read(sessions, settings)
            return ReadMeter(
                name, session.serial_number, session.records, session.control_solutions, session.clock_offset_s
            )
