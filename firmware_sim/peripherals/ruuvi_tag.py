"""A RuuviTag on the bathroom's ceiling: data format 5, with every measurement sent more than once.

It measures and sends on the wall's time, as a radio does; the air changes by the simulated clock.
"""

import asyncio
import itertools

from bumble.data_types import ManufacturerSpecificData
from bumble.device import Device

from firmware_sim.clock import Clock
from firmware_sim.peripherals.broadcaster import Broadcaster
from firmware_sim.peripherals.sampled_air import SampledAir
from protocols.adverts.ruuvi import RUUVI_COMPANY, RuuviAdvert, encode_ruuvi

ADVERTISING_INTERVAL_MS = 1_285.0
MEASURING_INTERVAL_S = 2.57
_SEQUENCES = 65_535
_PRESSURE_PA = 101_325
_HANGING_MG = (4, -4, 1036)
_TX_POWER_DBM = 4


class RuuviTag:
    """Runs on `device`, which is powered on; `start` makes it audible."""

    def __init__(self, device: Device, clock: Clock, *, battery_mv: int = 2977) -> None:
        self.device = device
        self.air = SampledAir(clock)
        self.battery_mv = battery_mv
        self._broadcaster = Broadcaster(device)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._broadcaster.hide()

    def shower(self, minutes: int) -> None:
        """The water runs from now on for so many (simulated) minutes."""
        self.air.shower(minutes)

    async def _run(self) -> None:
        for sequence in itertools.cycle(range(_SEQUENCES)):
            payload = ManufacturerSpecificData(RUUVI_COMPANY, encode_ruuvi(self._measure(sequence)))
            await self._broadcaster.show(payload, ADVERTISING_INTERVAL_MS)
            await asyncio.sleep(MEASURING_INTERVAL_S)

    def _measure(self, sequence: int) -> RuuviAdvert:
        humidity_percent, temperature_c = self.air.sample()
        return RuuviAdvert(
            temperature_c=temperature_c,
            humidity_percent=humidity_percent,
            pressure_pa=_PRESSURE_PA,
            acceleration_mg=_HANGING_MG,
            battery_mv=self.battery_mv,
            tx_power_dbm=_TX_POWER_DBM,
            movements=0,
            sequence=sequence,
            address=self.device.random_address.to_string(False),
        )
