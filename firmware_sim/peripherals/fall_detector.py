"""A fall detector that is worn: it says that it shakes as hard as in a fall, and a while later that it is at rest."""

import asyncio

from firmware_sim.peripherals.trigger_beacon import TriggerBeacon
from protocols.adverts.bthome_objects import VIBRATION

AT_REST_AFTER_S = 5.0


class FallDetector(TriggerBeacon):
    quiet = (VIBRATION, 0)
    _resting: asyncio.Task[None] | None = None

    async def fall(self) -> float:
        """Returns, once the first frame is out, the wall's Unix seconds just before it went."""
        if self._resting is not None:
            self._resting.cancel()
        at_wall = await self.say([(VIBRATION, 1)])
        self._resting = asyncio.get_running_loop().create_task(self._come_to_rest())
        return at_wall

    async def stop(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            await asyncio.gather(self._resting, return_exceptions=True)
        await super().stop()

    async def _come_to_rest(self) -> None:
        await asyncio.sleep(AT_REST_AFTER_S)
        await self.say([self.quiet])
