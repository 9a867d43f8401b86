"""A meter that shows up on the air: connect, bond, read, keep, let go. One session at a time for each meter."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import structlog
from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak_retry_connector import close_stale_connections_by_address, establish_connection

from edge.catalogue import BLOOD_PRESSURE_PROFILE, GLUCOSE_PROFILE
from edge.config import Bluetooth, Device
from edge.errors import Temporary
from edge.intake import Intake
from edge.sources.ble_scanner import RADIO_ERRORS
from edge.sources.gatt_link import GattLink
from edge.sources.glucose_profile import read_glucose
from edge.sources.meter_session import MeterSessions
from edge.sources.pressure_profile import read_pressure
from protocols.errors import ProtocolError

_log = structlog.get_logger()

Profile = Callable[[GattLink, Intake, float], Awaitable[None]]
PROFILE_OF_DRIVER: Mapping[str, Profile] = MappingProxyType(
    {GLUCOSE_PROFILE: read_glucose, BLOOD_PRESSURE_PROFILE: read_pressure}
)

GONE_S = 5.0
"""A meter that was silent for so long and is heard again has been switched on again: it is read at once."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
CONNECT_ATTEMPTS = 2
FIRST_LOOK_S, LOOK_S = 1.0, 10.0


class BleMeter:
    def __init__(self, device: Device, settings: Bluetooth, sessions: MeterSessions, connecting: asyncio.Lock) -> None:
        """`connecting` is shared by all meters: an adapter makes one connection at a time, and many at once stand."""
        self._device = device
        self._settings = settings
        self._sessions = sessions
        self._connecting = connecting
        self._profile = PROFILE_OF_DRIVER[device.model.driver]
        self._seen = asyncio.Event()
        self._ble_device: BLEDevice | None = None
        self._seen_s = 0.0
        self._rest_until_s = 0.0
        self._log = _log.bind(device=device.name)

    def seen(self, ble_device: BLEDevice, rssi_dbm: int) -> None:
        """The scanner heard it."""
        now_s = time.monotonic()
        if now_s - self._seen_s > GONE_S:
            self._rest_until_s = min(self._rest_until_s, now_s)
        self._seen_s = now_s
        self._ble_device = ble_device
        self._sessions.figures.heard(self._device.name, rssi_dbm)
        self._seen.set()

    async def run(self) -> None:
        """Until cancelled."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            await self._until_seen()
            self._seen.clear()
            if time.monotonic() < self._rest_until_s:
                continue
            if await self._read_once():
                pause_s = SHORTEST_PAUSE_S
                # adverts that were heard on the way are of the meter that has just been read
                self._seen.clear()
                self._seen_s = time.monotonic()
                self._rest_until_s = self._seen_s + self._settings.rest_s
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _until_seen(self) -> None:
        """bluetoothd keeps the link, even one that is still being made, of a gateway that was killed; and a connected
        meter does not advertise. So a link that is nobody's is ended, now and then while the meter is not heard."""
        look_s = FIRST_LOOK_S
        while not self._seen.is_set():
            try:
                await asyncio.wait_for(self._seen.wait(), look_s)
            except TimeoutError:
                await close_stale_connections_by_address(self._device.address)
            look_s = LOOK_S

    async def _read_once(self) -> bool:
        """True when the meter was read to its end."""
        figures = self._sessions.figures
        try:
            async with asyncio.timeout(self._settings.session_s):
                await self._session()
        except (*RADIO_ERRORS, ProtocolError, Temporary) as error:
            figures.sessions.labels(self._device.name, "failed").inc()
            sentence = f"cannot be read: {str(error) or type(error).__name__}"
            if figures.trouble(self._device.name, sentence):
                self._log.warning("meter_not_read", problem=sentence)
            return False
        except Exception:  # noqa: BLE001 - outermost loop of this meter: a slip in one session is not the end of all
            figures.sessions.labels(self._device.name, "failed").inc()
            figures.trouble(self._device.name, "cannot be read: a fault of the gateway's own, see its log")
            self._log.exception("meter_session_crashed")
            return False
        figures.sessions.labels(self._device.name, "read").inc()
        figures.trouble(self._device.name, None)
        return True

    async def _session(self) -> None:
        lost = asyncio.Event()
        client = await self._connect(lost)
        try:
            session = self._sessions.begin(self._device)
            link = GattLink(client, session, lost)
            await link.introduce(self._sessions.figures)
            await self._profile(link, self._sessions.intake, self._settings.silence_s)
        finally:
            await self._let_go(client)
        session.finish()

    async def _connect(self, lost: asyncio.Event) -> BleakClient:
        """A new client each time: a used one is not connected again."""
        ble_device = self._ble_device
        if ble_device is None:
            raise Temporary("it was not heard yet", retry_after_s=SHORTEST_PAUSE_S)
        async with self._connecting:
            return await establish_connection(
                BleakClient,
                ble_device,
                self._device.name,
                disconnected_callback=lambda _client: lost.set(),
                max_attempts=CONNECT_ATTEMPTS,
                use_services_cache=False,
                pair=self._device.pair,
                timeout=20.0,
            )

    async def _let_go(self, client: BleakClient) -> None:
        try:
            async with asyncio.timeout(15):
                await client.disconnect()
        except RADIO_ERRORS as error:
            self._log.debug("disconnect", problem=str(error))
