"""A meter that shows up on the air: connect, bond, read, keep, let go. One session at a time for each meter."""

import asyncio
import time

import structlog
from bleak.backends.device import BLEDevice
from bleak_retry_connector import close_stale_connections_by_address

from edge.config import Bluetooth, Device
from edge.errors import Temporary
from edge.sources.ble_link import BleLink
from edge.sources.ble_scanner import RADIO_ERRORS
from edge.sources.bonds import Bond
from edge.sources.meter_session import MeterSessions
from protocols.errors import ProtocolError

_log = structlog.get_logger()

GONE_S = 5.0
"""A meter that was silent for so long and is heard again has been switched on again: it is read at once."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
FIRST_LOOK_S, LOOK_S = 1.0, 10.0


class BleMeter:
    def __init__(self, device: Device, settings: Bluetooth, sessions: MeterSessions, connecting: asyncio.Lock) -> None:
        """`connecting` is shared by all meters: an adapter makes one connection at a time, and many at once stand."""
        self._device = device
        self._settings = settings
        self._sessions = sessions
        self._connecting = connecting
        self._bond = Bond(device.name)
        self.in_session = False
        """It is being connected to or read now."""
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
        self.in_session = True
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
        finally:
            self.in_session = False
        figures.sessions.labels(self._device.name, "read").inc()
        figures.trouble(self._device.name, None)
        return True

    async def _session(self) -> None:
        ble_device = self._ble_device
        if ble_device is None:
            raise Temporary("it was not heard yet", retry_after_s=SHORTEST_PAUSE_S)
        try:
            async with self._connecting:
                link = await BleLink.open(ble_device, self._device, self._settings)
        except RADIO_ERRORS as error:
            told = await self._bond.failed(ble_device, error)
            if told is error:
                raise
            raise told from error
        self._bond.held()
        await link.read(self._sessions, self._settings)
