"""What buttons and fall detectors share: BTHome v2, encrypted, silent but for what they call and one heartbeat a day.

A call goes out several times within half a second, always with the same counter, so that a receiver hears one of the
frames and takes them for one. The counter is on the disk before the first frame leaves: it never repeats.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from bumble.data_types import ServiceData16BitUUID
from bumble.device import Device

from firmware_sim.clock import Clock
from firmware_sim.nonvolatile import Nonvolatile
from firmware_sim.peripherals.assigned import assigned
from firmware_sim.peripherals.broadcaster import Broadcaster
from protocols.adverts.bthome import BTHOME_UUID, encode_bthome
from protocols.adverts.bthome_objects import BATTERY, PACKET_ID

BURST_S = 0.55
BURST_INTERVAL_MS = 100.0
HEARTBEAT_EVERY = timedelta(days=1)
_BATTERY_PERCENT = 100


class BeaconState(msgspec.Struct):
    counter: int = 0
    """Of the last frame sent, u32."""


class TriggerBeacon:
    """Runs on `device`, which is powered on."""

    quiet: tuple[int, int]
    """The object, and its value when nothing is wrong: what a heartbeat says."""

    def __init__(
        self,
        device: Device,
        clock: Clock,
        bind_key: bytes,
        state: Path | None = None,
        *,
        heartbeat_every: timedelta = HEARTBEAT_EVERY,
    ) -> None:
        """`bind_key` has 16 bytes. `state` is the file of the counter; None forgets it with the process."""
        self.device = device
        self._clock = clock
        self._bind_key = bind_key
        self._heartbeat_every = heartbeat_every
        self._mac = device.random_address.to_string(False)
        self._kept = Nonvolatile(state, BeaconState)
        self._state = self._kept.load() or BeaconState()
        self._broadcaster = Broadcaster(device)
        self._silence: asyncio.Task[None] | None = None
        self._heartbeats: asyncio.Task[None] | None = None

    @property
    def counter(self) -> int:
        return self._state.counter

    def start(self) -> None:
        """Says that it is there, at once and as often as a heartbeat is due."""
        self._heartbeats = asyncio.get_running_loop().create_task(self._beat())

    async def stop(self) -> None:
        running = [task for task in (self._heartbeats, self._silence) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._broadcaster.hide()

    async def say(self, objects: Sequence[tuple[int, int]]) -> float:
        """Returns, once the first frame is out, the wall's Unix seconds just before it went."""
        self._state.counter = (self._state.counter + 1) & 0xFFFF_FFFF
        self._kept.save(self._state)
        service_data = encode_bthome(
            [(PACKET_ID, self._state.counter & 0xFF), (BATTERY, _BATTERY_PERCENT), *objects],
            trigger_based=True,
            mac=self._mac,
            bind_key=self._bind_key,
            counter=self._state.counter,
        )
        if self._silence is not None:
            self._silence.cancel()
        at_wall = time.time()
        await self._broadcaster.show(ServiceData16BitUUID(assigned(BTHOME_UUID), service_data), BURST_INTERVAL_MS)
        self._silence = asyncio.get_running_loop().create_task(self._fall_silent())
        return at_wall

    async def _fall_silent(self) -> None:
        await asyncio.sleep(BURST_S)
        await self._broadcaster.hide()

    async def _beat(self) -> None:
        due = self._clock.now()
        while True:
            await self.say([self.quiet])
            due += self._heartbeat_every
            await self._clock.sleep_until(due)
