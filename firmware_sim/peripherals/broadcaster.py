"""Service data or a maker's data on the air, to whom it may concern: nobody can connect."""

import asyncio

from bumble.core import AdvertisingData
from bumble.data_types import CompleteLocalName, Flags, ManufacturerSpecificData, ServiceData16BitUUID
from bumble.device import AdvertisingType, Device

_FLAGS = AdvertisingData.Flags
LARGEST_ADVERTISEMENT_BYTES = 31


class Broadcaster:
    """The only advertiser of `device`."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._turn = asyncio.Lock()

    async def show(self, payload: ServiceData16BitUUID | ManufacturerSpecificData, interval_ms: float) -> None:
        """Sends at once and then at every interval, until something else is shown.

        The device's name stands beside it; where it does not fit, it is told to those who ask (scan response).
        Raises ValueError for a payload that does not fit.
        """
        flags = Flags(_FLAGS.LE_GENERAL_DISCOVERABLE_MODE | _FLAGS.BR_EDR_NOT_SUPPORTED)
        name = CompleteLocalName(self._device.name)
        advertisement, answer = bytes(AdvertisingData([flags, payload, name])), b""
        if len(advertisement) > LARGEST_ADVERTISEMENT_BYTES:
            advertisement, answer = bytes(AdvertisingData([flags, payload])), bytes(AdvertisingData([name]))
        if len(advertisement) > LARGEST_ADVERTISEMENT_BYTES:
            raise ValueError(f"advertisement of {len(advertisement)} bytes; {LARGEST_ADVERTISEMENT_BYTES} fit")
        # Shielded: bumble loses track of its controller, or of the cancellation, when a command is cut short.
        await asyncio.shield(self._start(advertisement, answer, interval_ms))

    async def hide(self) -> None:
        await asyncio.shield(self._stop())

    async def _start(self, advertisement: bytes, answer: bytes, interval_ms: float) -> None:
        async with self._turn:
            await self._device.start_advertising(
                advertising_type=AdvertisingType.UNDIRECTED_SCANNABLE if answer else AdvertisingType.UNDIRECTED,
                advertising_data=advertisement,
                scan_response_data=answer,
                advertising_interval_min=interval_ms,
                advertising_interval_max=interval_ms,
            )

    async def _stop(self) -> None:
        async with self._turn:
            await self._device.stop_advertising()
