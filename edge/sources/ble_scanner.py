"""One scanner for the whole home: every advertisement goes to the device that it is from.

The scanner never ends by itself: no adapter, no bluetoothd, or a radio that fell silent is said once and tried again.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from edge.sources.bthome_decoder import AdvertListener
from protocols.adverts.bthome import BTHOME_UUID

_log = structlog.get_logger()

SILENCE_S = 60.0
"""Nothing at all heard for so long: the scan is started anew. Every street has some Bluetooth in it."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
NO_RSSI_DBM = -127
"""What bleak says where BlueZ gave none: then it was no advertisement, but another change of the device."""

DeviceSeen = Callable[[BLEDevice, int], None]
RADIO_ERRORS = (BleakError, OSError, EOFError, TimeoutError)
"""What bleak raises when adapter, bluetoothd or D-Bus are not there or go away."""


@dataclass(frozen=True)
class Listeners:
    """By address in upper case."""

    adverts: Mapping[str, AdvertListener]
    meters: Mapping[str, DeviceSeen]


class BleScanner:
    def __init__(self, adapter: str, listeners: Listeners, told: Callable[[str | None], None]) -> None:
        """`told` hears what is wrong with the radio in one sentence, and None when it is well."""
        self._adapter = adapter
        self._listeners = listeners
        self._told = told
        self._last_heard_s = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            try:
                await self._scan()
                pause_s = SHORTEST_PAUSE_S
            except RADIO_ERRORS as error:
                self._told(
                    f"no Bluetooth: {str(error) or type(error).__name__}; is the adapter on and bluetoothd running?"
                )
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _scan(self) -> None:
        """Scans until the radio was silent for too long."""
        scanner = BleakScanner(self.heard, bluez={"adapter": self._adapter} if self._adapter else {})
        async with asyncio.timeout(30):
            await scanner.start()
        self._last_heard_s = started_s = time.monotonic()
        self._told(None)
        _log.info("scanning", adapter=self._adapter or "default")
        try:
            await self._until_silent()
        finally:
            # A radio that is gone cannot be told to stop; its error must not hide that we were cancelled.
            with contextlib.suppress(*RADIO_ERRORS):
                async with asyncio.timeout(5):
                    await scanner.stop()
        if self._last_heard_s == started_s:
            self._told(f"the radio has heard nothing for {SILENCE_S:.0f} s; the scan is started anew")

    async def _until_silent(self) -> None:
        left_s = SILENCE_S
        while left_s > 0:
            await asyncio.sleep(left_s)
            left_s = SILENCE_S - (time.monotonic() - self._last_heard_s)

    def heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """bleak's callback. Whatever is in the air, it does not raise: listeners refuse what they cannot read."""
        self._last_heard_s = time.monotonic()
        address = device.address.upper()
        rssi_dbm = None if advertisement.rssi == NO_RSSI_DBM else advertisement.rssi
        listener = self._listeners.adverts.get(address)
        service_data = advertisement.service_data.get(BTHOME_UUID)
        if listener is not None and service_data is not None:
            listener.heard(service_data, rssi_dbm)
        meter = self._listeners.meters.get(address)
        if meter is not None and rssi_dbm is not None:
            meter(device, rssi_dbm)
