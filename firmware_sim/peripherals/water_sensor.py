"""A sensor on the floor: BTHome v2 in the clear, wet or dry, repeated every second."""

import asyncio

from bumble.data_types import ServiceData16BitUUID
from bumble.device import Device

from firmware_sim.peripherals.assigned import assigned
from firmware_sim.peripherals.broadcaster import Broadcaster
from protocols.adverts.bthome import BTHOME_UUID, encode_bthome
from protocols.adverts.bthome_objects import BATTERY, PACKET_ID, WET

ADVERTISING_INTERVAL_MS = 1_000.0
_BATTERY_PERCENT = 93


class WaterSensor:
    """Runs on `device`, which is powered on; `start` makes it audible, dry."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._broadcaster = Broadcaster(device)
        self._packet_id = 0
        self._saying: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._saying = asyncio.get_running_loop().create_task(self.say(wet=False))

    async def stop(self) -> None:
        if self._saying is not None:
            await asyncio.gather(self._saying, return_exceptions=True)
        await self._broadcaster.hide()

    async def say(self, *, wet: bool) -> None:
        """Until it says something else."""
        self._packet_id = (self._packet_id + 1) & 0xFF
        service_data = encode_bthome([(PACKET_ID, self._packet_id), (BATTERY, _BATTERY_PERCENT), (WET, int(wet))])
        await self._broadcaster.show(ServiceData16BitUUID(assigned(BTHOME_UUID), service_data), ADVERTISING_INTERVAL_MS)
