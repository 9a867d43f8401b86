"""A connection with a Bluetooth meter, and what is read over it: by the standard profiles or the maker's protocol."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import structlog
from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak_retry_connector import establish_connection

from edge.catalogue import BLOOD_PRESSURE_PROFILE, GLUCOSE_PROFILE
from edge.config import Bluetooth, Device
from edge.intake import Intake
from edge.sources.ble_scanner import RADIO_ERRORS
from edge.sources.gatt_link import GattLink
from edge.sources.glucose_profile import read_glucose
from edge.sources.meter_session import MeterSession, MeterSessions
from edge.sources.pressure_profile import read_pressure
from edge.sources.vendor_meter import SESSION_OF_DRIVER, read_vendor

_log = structlog.get_logger()

CONNECT_ATTEMPTS = 2
Profile = Callable[[GattLink, Intake, float], Awaitable[None]]
PROFILE_OF_DRIVER: Mapping[str, Profile] = MappingProxyType(
    {
        GLUCOSE_PROFILE: read_glucose,
        BLOOD_PRESSURE_PROFILE: read_pressure,
        **dict.fromkeys(SESSION_OF_DRIVER, read_vendor),
    }
)


class BleLink:
    """A connection with a meter: made for one session, never used again."""

    def __init__(self, client: BleakClient, device: Device, lost: asyncio.Event) -> None:
        self._client = client
        self._device = device
        self._lost = lost

    @classmethod
    async def open(cls, ble_device: BLEDevice, device: Device, settings: Bluetooth) -> "BleLink":
        """Connected, and bonded where the configuration wants it. Raises one of RADIO_ERRORS."""
        lost = asyncio.Event()
        connecting = establish_connection(
            BleakClient,
            ble_device,
            device.name,
            disconnected_callback=lambda _client: lost.set(),
            max_attempts=CONNECT_ATTEMPTS,
            use_services_cache=False,
            pair=device.pair,
        )
        try:
            async with asyncio.timeout(settings.connect_s):
                client = await connecting
        except TimeoutError as error:
            raise TimeoutError(f"it let nobody in for {settings.connect_s:.0f} s") from error
        return cls(client, device, lost)

    async def read(self, sessions: MeterSessions, settings: Bluetooth) -> MeterSession:
        """One session to its end; the link is closed whatever comes. Raises one of RADIO_ERRORS, ProtocolError."""
        session = sessions.begin(self._device)
        try:
            link = GattLink(self._client, session, self._lost)
            await link.introduce(sessions.intake)
            await PROFILE_OF_DRIVER[self._device.model.driver](link, sessions.intake, settings.silence_s)
        finally:
            await self._let_go()
        session.finish()
        return session

    async def _let_go(self) -> None:
        try:
            async with asyncio.timeout(15):
                await self._client.disconnect()
        except RADIO_ERRORS as error:
            _log.debug("disconnect", device=self._device.name, problem=str(error))
