"""One scanner for the whole home: every advertisement goes to the device that it is from.

The scanner never ends by itself: no adapter, no bluetoothd, or a radio that fell silent is said once and tried again.
Where the home has a canary, a deaf adapter is switched off and on (`radio_watch`).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from edge.clock import Clock
from edge.errors import Temporary
from edge.reasons import reason_of
from edge.sources.adapter_power import power_cycle
from edge.sources.advert import AdvertListener
from edge.sources.radio_watch import RadioWatch, Verdict
from protocols.telemetry.messages import RadioStatus

_log = structlog.get_logger()

SILENCE_S = 60.0
"""Nothing at all heard for so long: the scan is started anew. Every street has some Bluetooth in it."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
SHORTEST_LOOK_S, LOOK_S = 0.1, 5.0
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
    def __init__(
        self,
        adapter: str,
        listeners: Listeners,
        told: Callable[[str | None], None],
        clock: Clock,
        *,
        watch: RadioWatch,
        in_use: Callable[[], bool] = lambda: False,
    ) -> None:
        """`told` hears what is wrong with the radio in one sentence, and None when it is well. While the adapter is
        `in_use`, a meter being read, it is not switched off: it works.
        """
        self._adapter = adapter
        self._listeners = listeners
        self._told = told
        self._clock = clock
        self._watch = watch
        self._in_use = in_use
        self._last_heard_s = 0.0
        self._heard_at: datetime | None = None

    def status(self) -> RadioStatus:
        """From any thread."""
        watch = self._watch
        return RadioStatus(
            heard_at=self._heard_at,
            power_cycles=watch.power_cycles,
            last_power_cycle_at=watch.last_power_cycle_at,
            trouble=watch.trouble,
        )

    async def run(self) -> None:
        """Until cancelled."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            try:
                await self._scan()
                pause_s = SHORTEST_PAUSE_S
            except RADIO_ERRORS as error:
                self._told(f"no Bluetooth: {reason_of(error)}; is the adapter on and bluetoothd running?")
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _scan(self) -> None:
        """Scans until the radio was silent for too long."""
        scanner = BleakScanner(self.heard, bluez={"adapter": self._adapter} if self._adapter else {})
        async with asyncio.timeout(30):
            await scanner.start()
        self._last_heard_s = started_s = time.monotonic()
        self._watch.begun(started_s)
        self._told(self._watch.trouble)
        _log.info("scanning", adapter=self._adapter or "default")
        try:
            deaf = await self._until_silent()
        finally:
            # A radio that is gone cannot be told to stop; its error must not hide that we were cancelled.
            with contextlib.suppress(*RADIO_ERRORS):
                async with asyncio.timeout(5):
                    await scanner.stop()
        if deaf:
            await self._cycle()
        elif self._last_heard_s == started_s:
            self._told(f"the radio has heard nothing for {SILENCE_S:.0f} s; the scan is started anew")

    async def _until_silent(self) -> bool:
        """True when no canary was heard in its time, False when nothing at all was."""
        while True:
            now_s = time.monotonic()
            if self._in_use():
                self._watch.begun(now_s)
            if self._watch.verdict(now_s) is Verdict.POWER_CYCLE:
                return True
            left_s = SILENCE_S - (now_s - self._last_heard_s)
            if left_s <= 0:
                return False
            self._told(self._watch.trouble)
            await asyncio.sleep(min(left_s, LOOK_S, max(self._watch.left_s(now_s), SHORTEST_LOOK_S)))

    async def _cycle(self) -> None:
        failed: str | None = None
        try:
            await power_cycle(self._adapter)
        except Temporary as error:
            failed = str(error)
        self._watch.cycled(self._clock.now(), failed)
        _log.warning("radio_power_cycle", cycles=self._watch.power_cycles, failed=failed)
        self._told(self._watch.trouble)

    def heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """bleak's callback. Whatever is in the air, it does not raise: listeners refuse what they cannot read."""
        self._last_heard_s = time.monotonic()
        self._heard_at = self._clock.now()
        address = device.address.upper()
        rssi_dbm = None if advertisement.rssi == NO_RSSI_DBM else advertisement.rssi
        if rssi_dbm is not None:
            self._watch.heard(address, self._last_heard_s)
        listener = self._listeners.adverts.get(address)
        payload = None if listener is None else listener.carrier.of(advertisement)
        if listener is not None and payload is not None:
            listener.heard(payload, rssi_dbm)
        meter = self._listeners.meters.get(address)
        if meter is not None and rssi_dbm is not None:
            meter(device, rssi_dbm)
