"""BTHome service data on the air, to whom it may concern: nobody can connect."""

import asyncio

from bumble.core import AdvertisingData
from bumble.data_types import CompleteLocalName, Flags, ServiceData16BitUUID
from bumble.device import AdvertisingType, Device

from firmware_sim.peripherals.assigned import assigned
from protocols.adverts.bthome import BTHOME_UUID

_FLAGS = AdvertisingData.Flags
LARGEST_ADVERTISEMENT_BYTES = 31


class Broadcaster:
    """The only advertiser of `device`."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._turn = asyncio.Lock()

    async def show(self, service_data: bytes, interval_ms: float) -> None:
        """Sends at once and then at every interval, until something else is shown.

        Raises ValueError for service data that does not fit beside the device's name.
        """
        advertisement = bytes(
            AdvertisingData(
                [
                    Flags(_FLAGS.LE_GENERAL_DISCOVERABLE_MODE | _FLAGS.BR_EDR_NOT_SUPPORTED),
                    ServiceData16BitUUID(assigned(BTHOME_UUID), service_data),
                    CompleteLocalName(self._device.name),
                ]
            )
        )
        if len(advertisement) > LARGEST_ADVERTISEMENT_BYTES:
            raise ValueError(f"advertisement of {len(advertisement)} bytes; {LARGEST_ADVERTISEMENT_BYTES} fit")
        # Shielded: bumble loses track of its controller, or of the cancellation, when a command is cut short.
        await asyncio.shield(self._start(advertisement, interval_ms))

    async def hide(self) -> None:
        await asyncio.shield(self._stop())

    async def _start(self, advertisement: bytes, interval_ms: float) -> None:
        async with self._turn:
            await self._device.start_advertising(
                advertising_type=AdvertisingType.UNDIRECTED,
                advertising_data=advertisement,
                advertising_interval_min=interval_ms,
                advertising_interval_max=interval_ms,
            )

    async def _stop(self) -> None:
        async with self._turn:
            await self._device.stop_advertising()
