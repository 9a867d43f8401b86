"""A sensor on the bathroom's ceiling: BTHome v2 in the clear, with humidity, temperature and motion.

It repeats its latest values every second; a new packet id marks new values. Motion is said when it begins and when it
has ended for a while. Radio intervals pass on the wall's time, the air changes by the simulated clock.
"""

import asyncio
import contextlib
from datetime import timedelta

from bumble.data_types import ServiceData16BitUUID
from bumble.device import Device

from firmware_sim.clock import Clock
from firmware_sim.peripherals.assigned import assigned
from firmware_sim.peripherals.broadcaster import Broadcaster
from firmware_sim.peripherals.sampled_air import SampledAir
from protocols.adverts.bthome import BTHOME_UUID, encode_bthome
from protocols.adverts.bthome_objects import BATTERY, HUMIDITY, MOTION, PACKET_ID, TEMPERATURE

ADVERTISING_INTERVAL_MS = 1_000.0
SAMPLE_EVERY = timedelta(seconds=10)
SAMPLE_EVERY_AT_LEAST_S = 0.5
"""While the air changes; real seconds, where the clock runs fast."""
MOTION_HELD = timedelta(seconds=20)
MOTION_HELD_AT_LEAST_S = 1.0
"""Real seconds: however fast the clock runs, motion stays on the air long enough to be heard."""
_BATTERY_PERCENT = 96


class ShowerSensor:
    """Runs on `device`, which is powered on; `start` makes it audible."""

    def __init__(self, device: Device, clock: Clock) -> None:
        self.device = device
        self._clock = clock
        self._broadcaster = Broadcaster(device)
        self._changed = asyncio.Event()
        self._motion_until_s = 0.0
        self._air = SampledAir(clock)
        self._packet_id = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._broadcaster.hide()

    def motion(self) -> None:
        """Somebody moves now."""
        held_s = self._clock.wall_seconds_until(self._clock.now() + MOTION_HELD)
        self._motion_until_s = asyncio.get_running_loop().time() + max(held_s, MOTION_HELD_AT_LEAST_S)
        self._changed.set()

    def shower(self, minutes: int) -> None:
        """The water runs from now on for so many (simulated) minutes."""
        self._air.shower(minutes)
        self.motion()

    async def _run(self) -> None:
        shown: tuple[float, float, bool] | None = None
        while True:
            self._changed.clear()
            values = (*self._air.sample(), self._motion_left_s() > 0)
            if values != shown:
                await self._show(*values)
                shown = values
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._next_look_s()):  # wait_for of Python 3.11 may swallow a cancellation
                    await self._changed.wait()

    async def _show(self, humidity_percent: float, temperature_c: float, motion: bool) -> None:
        self._packet_id = (self._packet_id + 1) & 0xFF
        service_data = encode_bthome(
            [
                (PACKET_ID, self._packet_id),
                (BATTERY, _BATTERY_PERCENT),
                (TEMPERATURE, temperature_c),
                (HUMIDITY, humidity_percent),
                (MOTION, int(motion)),
            ]
        )
        await self._broadcaster.show(ServiceData16BitUUID(assigned(BTHOME_UUID), service_data), ADVERTISING_INTERVAL_MS)

    def _motion_left_s(self) -> float:
        return self._motion_until_s - asyncio.get_running_loop().time()

    def _next_look_s(self) -> float | None:
        """Real seconds until the values may differ; None: only an event changes them."""
        left_s = self._motion_left_s()
        if self._air.changes:
            sample_s = max(self._clock.wall_seconds_until(self._clock.now() + SAMPLE_EVERY), SAMPLE_EVERY_AT_LEAST_S)
            return min(sample_s, left_s) if left_s > 0 else sample_s
        return left_s if left_s > 0 else None
